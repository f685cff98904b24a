// Settings along an axis, all others held.

// Groups of settings that differ in one axis only, each with its settings in order; the default's group first.
function alongAxis(world, axis) {
  const groups = new Map();
  for (const setting of world.settings) {
    const others = Object.entries(setting.axes || {}).filter(([name]) => name !== axis).sort();
    const key = JSON.stringify(others);
    if (!groups.has(key)) groups.set(key, { key, others, settings: [] });
    groups.get(key).settings.push(setting);
  }
  const found = [...groups.values()].filter((group) => new Set(group.settings.map((s) => JSON.stringify(s.axes[axis]))).size > 1);
  for (const group of found) {
    if (group.settings.every((s) => isNumber(s.axes[axis]))) group.settings.sort((a, b) => a.axes[axis] - b.axes[axis]);
    group.title = group.others.map(([name, v]) => `${axisName(name)} ${axisText(name, v)}`).join(", ") || "all";
    group.size = group.settings.length + (group.settings.includes(world.defaultSetting) ? 1e6 : 0);
  }
  return found.sort((a, b) => b.size - a.size);
}

function axesToFollow(world) {
  const axes = variedAxes(world).filter((axis) => alongAxis(world, axis).length > 0);
  return axes.sort((a, b) => (b === "obs_frac") - (a === "obs_frac"));
}

// Logarithmic where all values allow it, else one step a value.
function scaleAlong(axis, group) {
  const values = group.settings.map((setting) => setting.axes[axis]);
  const logarithmic = values.every((v) => isNumber(v) && v > 0);
  const label = axis === "obs_frac" ? "observation fraction (logarithmic) →" : `${axisLong(axis)} →`;
  return {
    of: (setting) => (logarithmic ? setting.axes[axis] : axisText(axis, setting.axes[axis])),
    scale: logarithmic
      ? { type: "log", label, ticks: values, tickFormat: (v) => axisText(axis, v) }
      : { type: "point", label, domain: values.map((v) => axisText(axis, v)), padding: 0.2 },
  };
}
