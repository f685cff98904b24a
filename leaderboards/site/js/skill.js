// Relative error along an axis of the settings, with its bands.

function renderSkill(world, body) {
  const axes = axesToFollow(world);
  const state = { axis: axes[0], group: alongAxis(world, axes[0])[0].key, channel: "" };
  const labels = world.methods.map((method) => method.label).filter((label) => label !== "background");
  const methods = world.methods.filter((method) => method.kind === "method").map((method) => method.label);
  const picker = new MethodPicker(labels, firstChoice(methods), () => show());
  const holder = el("div", {});
  const groupHolder = el("div", { class: "control-holder" });
  const show = () => {
    const groups = alongAxis(world, state.axis);
    const group = groups.find((one) => one.key === state.group) || groups[0];
    holder.replaceChildren(skillChart(world, state, group, picker));
    drawCharts(holder);
  };
  const showGroups = () => {
    const groups = alongAxis(world, state.axis);
    state.group = groups[0].key;
    groupHolder.replaceChildren(choice("Held", groups.map((group) => [group.key, group.title]), state.group, (key) => { state.group = key; show(); }));
  };
  const axis = choice("Along", axes.map((name) => [name, axisLong(name)]), state.axis, (name) => { state.axis = name; showGroups(); show(); });
  const channel = channelChoice(world, world.channels.map((one) => one.name), "", (name) => { state.channel = name; show(); }, "mean over channels");
  showGroups();
  body.append(controls(axis, groupHolder, channel), picker.node, holder);
  show();
}

function skillChart(world, state, group, picker) {
  const { of, scale } = scaleAlong(state.axis, group);
  const points = picker.chosen.flatMap((label) => group.settings.map((setting) => {
    const error = errorOf(rowIn(world, setting.id, label), state.channel);
    return { label, at: of(setting), setting, error, y: error?.[0] ?? NaN, low: error?.[1] ?? error?.[0] ?? NaN, high: error?.[2] ?? error?.[0] ?? NaN };
  }));
  const looks = new Map(picker.chosen.map((label) => [label, picker.look(label)]));
  const what = state.channel ? channelTitle(world, state.channel) : "mean over channels";
  const lines = [...looks].map(([label, look]) => Plot.line(points.filter((p) => p.label === label), { x: "at", y: "y", stroke: look.colour, strokeWidth: 2, strokeDasharray: look.dash }));
  const title = `Relative error along the ${axisLong(state.axis)}: ${what}`;
  return chart({
    title,
    label: `Line chart. ${title}, for ${listed(picker.chosen)}. The numbers are in the table below.`,
    note: group.title === "all" ? null : `Held: ${group.title}.`,
    draw: (width) => points.length === 0 ? null : {
      height: Math.min(460, Math.max(280, width * 0.5)),
      marginLeft: 44,
      x: scale,
      y: { label: "↑ relative error", grid: true, nice: true },
      symbol: { type: "identity" },
      marks: [
        Plot.ruleY([1], { stroke: "var(--muted)", strokeDasharray: "3 3" }),
        Plot.areaY(points, { x: "at", y1: "low", y2: "high", z: "label", fill: (p) => looks.get(p.label).colour, fillOpacity: 0.16 }),
        ...lines,
        Plot.dot(points, { x: "at", y: "y", fill: (p) => looks.get(p.label).colour, symbol: (p) => looks.get(p.label).symbol, r: 4,
          title: (p) => `${p.label}\n${axisText(state.axis, p.setting.axes[state.axis])}: ${withBounds(p.error)}`, tip: true }),
      ],
    },
    table: () => gridTable(["Method", ...group.settings.map((s) => axisText(state.axis, s.axes[state.axis]))],
      picker.chosen.map((label) => [label, ...points.filter((p) => p.label === label).map((p) => withBounds(p.error))])),
  });
}
