// Accuracy against seconds, and the methods that no other beats in both.

function renderCost(world, body) {
  const state = { setting: world.defaultSetting.id, channel: "" };
  const holder = el("div", {});
  const show = () => {
    holder.replaceChildren(...costView(world, state));
    drawCharts(holder);
  };
  body.append(controls(settingChoice(world, state.setting, (id) => { state.setting = id; show(); }),
    channelChoice(world, world.channels.map((one) => one.name), "", (name) => { state.channel = name; show(); }, "mean over channels")), holder);
  show();
}

// Of the rows sorted by cost, those more accurate than all cheaper ones.
function paretoFront(points) {
  let best = Infinity;
  return [...points].sort((a, b) => a.seconds - b.seconds || a.error - b.error).filter((point) => {
    const better = point.error < best;
    if (better) best = point.error;
    return better;
  });
}

function costView(world, state) {
  const points = world.rows
    .filter((row) => row.setting === state.setting && row.kind === "method" && row.seconds > 0 && errorOf(row, state.channel))
    .map((row) => ({ row, label: row.method, family: familyOf(row.method), seconds: row.seconds, error: errorOf(row, state.channel)[0], interval: errorOf(row, state.channel) }));
  if (!points.length) return [el("p", { class: "muted" }, "No method of this setting has a time.")];
  const front = paretoFront(points);
  const families = FAMILIES.filter((family) => points.some((point) => point.family === family));
  return [familyKey(families), costChart(world, state, points, front)];
}

function familyKey(families) {
  const items = families.map((family) => el("li", {}, el("span", { class: `glyph shade-${familyLook(family).shade}`, "aria-hidden": "true" }, familyLook(family).glyph), family));
  return el("ul", { class: "legend", "aria-label": "Families of methods" }, items, el("li", {}, el("span", { class: "line-glyph", "aria-hidden": "true" }), "Pareto front"));
}

function costChart(world, state, all, front) {
  const [points, beyond] = withinView(all, (point) => point.error);
  const onFront = new Set(front);
  const [fastest, slowest] = [Math.min(...points.map((p) => p.seconds)), Math.max(...points.map((p) => p.seconds))];
  const decades = Math.log10(slowest / fastest);
  const title = `Relative error against seconds a case: ${world.settingOf.get(state.setting).title}${state.channel ? `, ${state.channel}` : ""}`;
  return chart({
    title,
    note: beyondNote(beyond, (point) => point.label, (point) => point.interval),
    label: `Scatter chart of ${points.length} methods. On the Pareto front, from the cheapest: ${listed(front.map((p) => p.label), 12)}.`,
    draw: (width) => ({
      height: Math.min(520, Math.max(320, width * 0.55)),
      marginLeft: 44,
      marginRight: 20,
      marginTop: 28,
      marginBottom: 48,
      x: { type: "log", label: "seconds a case (logarithmic) →", domain: [fastest / 1.4, slowest * (decades > 1 ? 3 : 1.6)], tickFormat: (v) => String(Number(v.toPrecision(2))), ticks: Math.max(2, width / 110) },
      y: { label: "↑ relative error", grid: true, nice: true, insetBottom: 18 },
      symbol: { type: "identity" },
      marks: [
        Plot.line(front, { x: "seconds", y: "error", curve: "step-after", stroke: "var(--ink)", strokeWidth: 1.5, strokeDasharray: "5 3" }),
        Plot.dot(points, { x: "seconds", y: "error", fill: (p) => familyLook(p.family).colour, symbol: (p) => familyLook(p.family).symbol, r: (p) => (onFront.has(p) ? 6 : 4.5), fillOpacity: (p) => (onFront.has(p) ? 1 : 0.75),
          stroke: (p) => (onFront.has(p) ? "var(--ink)" : "none"), strokeWidth: 1.2, title: (p) => `${p.label} (${p.family})\n${withBounds(p.interval)}\n${number(p.seconds, 2)} s`, tip: true }),
        ...(width > 640 ? [Plot.text(points.filter((p) => !onFront.has(p)), { x: "seconds", y: "error", text: (p) => shorten(p.label, 22), dx: 7, textAnchor: "start", fill: "var(--ink-soft)", fontSize: 10.5 })] : []),
        // above and below in turn, so that neighbours leave each other room
        ...[0, 1].map((turn) => Plot.text(front.filter((_, i) => i % 2 === turn), { x: "seconds", y: "error", text: (p) => shorten(p.label, 22), dx: 7, dy: turn ? 14 : -11, textAnchor: "start", fill: "var(--ink)", stroke: "var(--surface)", strokeWidth: 4, fontWeight: 600, fontSize: 12 })),
      ],
    }),
    table: () => gridTable(["Method", "Seconds", "Relative error", "On the front"], [...all].sort((a, b) => a.seconds - b.seconds).map((p) => [p.label, number(p.seconds, 2), withBounds(p.interval), onFront.has(p) ? "yes" : "no"])),
  });
}
