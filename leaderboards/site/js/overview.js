// Who leads, the ranking, and the scorecard.

function renderOverview(world, body) {
  const ranked = world.ranking.filter((place) => place.rank !== null && place.rank !== undefined);
  body.append(leadSentence(world, ranked), el("p", { class: "muted" }, world.title || world.name), worldFacts(world));
  const places = world.methods.map(({ label }) => world.rankOf.get(label)).filter(Boolean);
  if (places.length) body.append(el("h3", {}, "Ranking"), rankingView(world, places));
  if (world.rows.length) body.append(el("h3", {}, "Scorecard"), scorecard(world));
}

function leadSentence(world, ranked) {
  const first = ranked.filter((place) => place.rank === 1);
  if (!first.length) return el("p", { class: "headline" }, "No method has a result in every setting yet, so none is ranked.");
  const tied = ranked.filter((place) => place.tied && place.rank !== 1).map((place) => shorten(place.method, 40));
  const over = first[0].of === 1 ? "in the one setting" : `mean over ${first[0].of} settings`;
  const many = first.length > 1 ? " lead" : " leads";
  const sentence = el("p", { class: "headline" }, el("strong", {}, listed(first.map((place) => shorten(place.method, 40)))), many);
  sentence.append(` with a relative error of ${withBounds(first[0].mean)}, ${over}.`);
  if (tied.length) sentence.append(` Not significantly worse: ${listed(tied)}.`);
  else if (ranked.length > first.length) sentence.append(" All others are significantly worse.");
  return sentence;
}

function worldFacts(world) {
  const span = world.first && world.last ? `${world.first} to ${world.last}` : null;
  return terms([
    ["Cases", [isNumber(world.cases) ? String(world.cases) : null, span].filter(Boolean).join(", ")],
    ["Split", world.split],
    ["Channels", `${world.channels.length}`],
    ["Settings", `${world.settings.length}`],
    ["Methods", `${world.methods.filter((method) => method.kind === "method").length}`],
    ["Data hash", world.data_hash ? el("code", { title: world.data_hash }, shorten(world.data_hash, 13)) : null],
  ]);
}

function rankingView(world, places) {
  const rows = places.map((place) => [
    place.rank ?? NONE,
    methodLink(world, place.method, place.tied),
    [el("span", {}, value(place.mean)), " ", el("span", {}, bounds(place.mean))],
    place.kind === "method" ? `${place.cells} of ${place.of}` : place.kind,
  ]);
  const head = el("tr", {}, ["Rank", "Method", "Relative error", "Settings"].map((text, i) => el("th", { scope: "col", class: i === 1 ? null : "number" }, text)));
  const body = rows.map(([rank, method, mean, cells]) =>
    el("tr", {}, el("td", { class: "number" }, String(rank)), el("th", { scope: "row" }, method), el("td", { class: "number" }, mean), el("td", { class: "number" }, cells)));
  const table = el("table", { class: "ranking" }, el("caption", { class: "unseen" }, "Ranking of the methods"), el("thead", {}, head), el("tbody", {}, body));
  const left = el("div", {}, scroller("Ranking", table), el("p", { class: "note" }, "Bold: the first, and those not significantly worse than it."));
  return el("div", { class: "two-columns" }, left, rankingChart(...withinView(places.filter((place) => place.mean && place.kind === "method"), (place) => place.mean[0])));
}

function rankingChart(places, beyond) {
  const names = places.map((place) => place.method);
  return chart({
    title: "Mean relative error with 95 % interval",
    note: beyondNote(beyond, (place) => place.method, (place) => place.mean),
    label: `Dot chart of the mean relative error of ${names.length} methods, in the order of the table.`,
    draw: (width) => places.length === 0 ? null : {
      height: 52 + 24 * places.length,
      marginLeft: nameMargin(names, width),
      marginRight: 16,
      x: { label: "relative error (1 = background) →", grid: true, nice: true, ticks: Math.max(3, width / 90) },
      y: { label: null, domain: names, tickFormat: nameTick(names, width) },
      marks: [
        Plot.ruleX([1], { stroke: "var(--muted)", strokeDasharray: "3 3" }),
        Plot.ruleY(places, { y: "method", x1: (d) => d.mean[1] ?? d.mean[0], x2: (d) => d.mean[2] ?? d.mean[0], stroke: colourOfPlace, strokeWidth: 2.5 }),
        Plot.dot(places, { y: "method", x: (d) => d.mean[0], fill: colourOfPlace, r: 4, title: (d) => `${d.method}\n${withBounds(d.mean)}`, tip: true }),
      ],
    },
    table: () => gridTable(["Method", "Mean", "Low", "High"], [...places, ...beyond].map((d) => [d.method, ...d.mean.map((v) => number(v, 4))])),
  });
}

const colourOfPlace = (place) => (place.kind !== "method" ? "var(--muted)" : place.tied || place.rank === 1 ? "var(--accent)" : "var(--ink-soft)");

function methodLink(world, label, strong = false) {
  const link = insideLink(hashOf(world, cardId(world, label)), shorten(label, 40), { title: label });
  return strong ? el("strong", {}, link) : link;
}
