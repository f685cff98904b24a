// Methods by channels, coloured by relative error, the numbers in the cells.

function scorecard(world) {
  const holder = el("div", { class: "scorecard-holder" });
  const show = (setting) => holder.replaceChildren(...scorecardOf(world, setting));
  show(world.defaultSetting.id);
  return el("div", {}, controls(settingChoice(world, world.defaultSetting.id, show)), holder);
}

function scorecardOf(world, setting) {
  const rows = world.methods.map(({ label }) => rowIn(world, setting, label)).filter(Boolean);
  if (!rows.length) return [el("p", { class: "muted" }, "No method was run in this setting.")];
  const order = (row) => [row.kind === "method" ? 0 : 1, row.relative_error?.[0] ?? Infinity];
  rows.sort((a, b) => order(a)[0] - order(b)[0] || (order(a)[1] === order(b)[1] ? 0 : order(a)[1] - order(b)[1]));
  const names = world.channels.map((channel) => channel.name);
  const heads = names.map((name) => el("th", { scope: "col", title: channelTitle(world, name) }, el("span", {}, shorten(name, 14))));
  const head = el("tr", {}, el("th", { scope: "col" }, "Method"), el("th", { scope: "col" }, "mean"), heads);
  const body = rows.map((row) => el("tr", { class: row.kind === "method" ? null : "aside" }, el("th", { scope: "row" }, methodLink(world, row.method, row.best)),
    errorCell(row.relative_error, row.best, "mean"), names.map((name) => errorCell(errorOf(row, name)))));
  const title = `Relative error by channel: ${world.settingOf.get(setting).title}`;
  const table = el("table", { class: "scorecard" }, el("caption", {}, title), el("thead", {}, head), el("tbody", {}, body));
  return [scroller(title, table), scorecardKey()];
}

function errorCell(interval, best = false, className = "") {
  const error = interval?.[0];
  const text = isNumber(error) ? decimals(error, error < 9.995 ? 2 : 1) : NONE;
  const cell = el("td", { class: className || null, title: interval ? withBounds(interval) : "no result" }, best ? el("strong", {}, text) : text);
  shadeCell(cell, error);
  return cell;
}

function scorecardKey() {
  const samples = [0.35, 0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 3].map((error) => {
    const sample = el("span", { class: "sample" }, String(error));
    shadeCell(sample, error);
    return sample;
  });
  return el("div", { class: "key" }, el("span", {}, "better than the background"), el("span", { class: "samples" }, samples), el("span", {}, "worse"),
    el("p", { class: "note" }, "1 is the error of the background. Bold: best of the setting, or not significantly worse. ", `${NONE}: no result, or some case diverged.`));
}
