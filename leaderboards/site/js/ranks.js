// Rank histograms, a small one for every method.

function rankHistograms(points, name) {
  const most = Math.max(...points.flatMap((point) => point.ranks.map((share, i, all) => share * all.length)));
  const small = points.map((point) => rankHistogram(point, name, Math.min(most, 6) * 1.05));
  return el("div", {}, el("h3", {}, `Rank histograms: ${name}`),
    el("p", { class: "note" }, "How often so many members are below the truth, over what it should be (the line). A hollow shape: too sure. A hump: too wide. A slope: biased."),
    el("div", { class: "small-charts" }, small),
    dataTable(`Rank histograms of ${name}`, () => rankTable(points)));
}

function rankHistogram(point, name, most) {
  const bars = point.ranks.map((share, rank) => ({ rank, share: share * point.ranks.length }));
  return chart({
    title: shorten(point.label, 30),
    className: "small",
    label: `Rank histogram of ${point.label}, ${name}: ${bars.map((bar) => number(bar.share, 2)).join(", ")}; 1 is reliable.`,
    draw: () => ({
      height: 110,
      marginLeft: 28, marginBottom: 22, marginTop: 8, marginRight: 4,
      x: { label: null, ticks: [0, bars.length - 1], tickSize: 0 },
      y: { label: null, domain: [0, most], ticks: [0, 1], tickFormat: String },
      marks: [
        Plot.barY(bars, { x: "rank", y: (bar) => Math.min(bar.share, most), fill: familyLook(familyOf(point.label)).colour, inset: 0.5 }),
        Plot.ruleY([1], { stroke: "var(--ink)", strokeDasharray: "4 3" }),
      ],
    }),
  });
}

function rankTable(points) {
  const most = Math.max(...points.map((point) => point.ranks.length));
  const ranks = Array.from({ length: most }, (_, rank) => rank);
  return gridTable(["Method, share over expected", ...ranks.map(String)], points.map((point) => [point.label, ...ranks.map((rank) => (rank in point.ranks ? number(point.ranks[rank] * point.ranks.length) : ""))]));
}
