// Whether the spread of the members tells how wrong their mean is.

function renderReliability(world, body) {
  const data = part(world, "reliability");
  const methods = new Map(Object.entries(data.methods));
  const labels = world.methods.map((method) => method.label).filter((label) => methods.has(label));
  const names = world.channels.map((channel) => channel.name).filter((name) => labels.some((label) => Object.hasOwn(methods.get(label).channels, name)));
  const holder = el("div", {});
  const show = (name) => {
    const points = labels.filter((label) => Object.hasOwn(methods.get(label).channels, name)).map((label) => ({ label, members: methods.get(label).members, ...methods.get(label).channels[name] }));
    const pair = el("div", { class: "two-columns" }, spreadSkillChart(world, points, name), spreadChart(world, points, name));
    const ranked = points.filter((point) => point.ranks);
    holder.replaceChildren(pair, ...(ranked.length ? [rankHistograms(ranked, name)] : []));
    drawCharts(holder);
  };
  const setting = world.settingOf.get(data.setting);
  body.append(controls(channelChoice(world, names, names[0], show)), setting ? el("p", { class: "note" }, `Setting: ${setting.title}.`) : "", holder);
  show(names[0]);
}

function spreadSkillChart(world, points, name) {
  const known = points.filter((point) => point.spread_skill && isNumber(point.spread_skill[0]));
  const labels = known.map((point) => point.label);
  const title = `Spread over RMSE with 95 % interval: ${name}`;
  return chart({
    title,
    label: `Dot chart of spread over RMSE for ${labels.length} methods; 1 is reliable, below 1 the members are too sure.`,
    draw: (width) => known.length === 0 ? null : {
      height: 60 + 24 * known.length,
      marginLeft: nameMargin(labels, width),
      marginRight: 16,
      x: { label: "spread / RMSE →", grid: true, nice: true, domain: [0, Math.max(1.1, ...known.map((p) => p.spread_skill[2] ?? p.spread_skill[0]))], ticks: Math.max(3, width / 90) },
      y: { label: null, domain: labels, tickFormat: nameTick(labels, width) },
      marks: [
        Plot.ruleX([1], { stroke: "var(--ink)", strokeDasharray: "4 3" }),
        Plot.ruleY(known, { y: "label", x1: (p) => p.spread_skill[1] ?? p.spread_skill[0], x2: (p) => p.spread_skill[2] ?? p.spread_skill[0], stroke: (p) => familyLook(familyOf(p.label)).colour, strokeWidth: 2.5 }),
        Plot.dot(known, { y: "label", x: (p) => p.spread_skill[0], r: 4.5, fill: (p) => familyLook(familyOf(p.label)).colour, title: (p) => `${p.label}\n${withBounds(p.spread_skill)}`, tip: true }),
      ],
    },
    table: () => gridTable(["Method", "Members", "Spread", "RMSE", "Spread / RMSE"], points.map((p) => [p.label, whole(p.members), number(p.spread), number(p.rmse), withBounds(p.spread_skill)])),
  });
}

function spreadChart(world, points, name) {
  const known = points.filter((point) => isNumber(point.spread) && isNumber(point.rmse));
  const most = Math.max(...known.flatMap((p) => [p.spread, p.rmse])) * 1.08;
  const units = channelUnit(world, name);
  const families = FAMILIES.filter((family) => known.some((point) => familyOf(point.label) === family));
  const figure = chart({
    title: `Spread against RMSE: ${name}${units ? ` [${units}]` : ""}`,
    label: `Scatter chart of the spread against the RMSE of ${known.length} methods, with the line on which both are equal.`,
    draw: (width) => known.length === 0 ? null : {
      height: Math.min(width, 400),
      marginLeft: 56,
      marginRight: 20,
      x: { label: `RMSE${units ? ` [${units}]` : ""} →`, domain: [0, most], ticks: Math.max(3, width / 90) },
      y: { label: `↑ spread${units ? ` [${units}]` : ""}`, domain: [0, most], grid: true },
      symbol: { type: "identity" },
      marks: [
        Plot.line([[0, 0], [most, most]], { stroke: "var(--ink)", strokeDasharray: "4 3" }),
        Plot.text([[most * 0.93, most * 0.97]], { text: ["too wide"], textAnchor: "end", fill: "var(--ink-soft)" }),
        Plot.text([[most * 0.99, most * 0.05]], { text: ["too sure"], textAnchor: "end", fill: "var(--ink-soft)" }),
        Plot.dot(known, { x: "rmse", y: "spread", r: 5, fill: (p) => familyLook(familyOf(p.label)).colour, symbol: (p) => familyLook(familyOf(p.label)).symbol, title: (p) => `${p.label}\nspread ${number(p.spread)}, RMSE ${number(p.rmse)}`, tip: true }),
      ],
    },
    table: () => gridTable(["Method", "RMSE", "Spread"], known.map((p) => [p.label, number(p.rmse), number(p.spread)])),
  });
  figure.querySelector("figcaption").after(familyList(families));
  return figure;
}

const familyList = (families) =>
  el("ul", { class: "legend" }, families.map((family) => el("li", {}, el("span", { class: `glyph shade-${familyLook(family).shade}`, "aria-hidden": "true" }, familyLook(family).glyph), family)));
