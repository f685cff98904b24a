// A chart by Observable Plot, with its words: a caption, a label, and its numbers as a table.

const PLOT_CLASS = "plot";
const charts = new Set();

/* options:
   title     the caption
   label     what a listener is told in place of the picture
   draw      width in pixels -> Plot options, or null where there is nothing to draw
   table     () -> a table element with the chart's numbers
   note      a sentence below */
function chart({ title, label, draw, table, note = null, className = "" }) {
  const box = el("div", { class: "chart-box" });
  const figure = el("figure", { class: `chart ${className}` }, el("figcaption", {}, title), box, note ? el("p", { class: "note" }, note) : null);
  if (table) figure.append(dataTable(title, table));
  let drawnAt = 0;
  const redraw = (force = false) => {
    const width = Math.floor(box.clientWidth);
    if (width < 40 || (!force && Math.abs(width - drawnAt) < 2)) return;
    drawnAt = width;
    const options = draw(width);
    if (!options) return void box.replaceChildren(el("p", { class: "muted" }, "No method has this."));
    box.replaceChildren(picture({ width, className: PLOT_CLASS, marginBottom: 40, ...options }, label));
  };
  const one = { box, redraw };
  charts.add(one);
  watcher.observe(box);
  return figure;
}

function picture(options, label) {
  const svg = Plot.plot(options);
  // shapes without a role may not have labels, and the whole has one
  for (const mark of svg.querySelectorAll("[aria-label]")) {
    mark.dataset.mark = mark.getAttribute("aria-label");
    mark.removeAttribute("aria-label");
  }
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  return svg;
}

function dataTable(title, table) {
  const holder = el("details", { class: "data" }, el("summary", {}, "Numbers of this chart"));
  const fill = () => {
    if (holder.open && holder.childElementCount === 1) holder.append(scroller(`Numbers of: ${title}`, table()));
  };
  holder.addEventListener("toggle", fill);
  return holder;
}

const watcher = new ResizeObserver((entries) => {
  const boxes = new Set(entries.map((entry) => entry.target));
  for (const one of [...charts]) {
    if (!one.box.isConnected) forget(one);
    else if (boxes.has(one.box)) one.redraw();
  }
});

function forget(one) {
  charts.delete(one);
  watcher.unobserve(one.box);
}

// Draws at once what has been put into the page, so that nothing jumps afterwards.
function drawCharts(within) {
  for (const one of [...charts]) if (within.contains(one.box)) one.redraw();
}

const LETTER = 6.6; // pixels, of the charts' text

// Room on the left for names, less on a phone.
function nameMargin(names, width) {
  const longest = Math.max(4, ...names.map((name) => shorten(name).length));
  return Math.min(longest * LETTER + 14, width * 0.42);
}

// Names that do not fit are cut, and are whole in the table of the chart.
function nameTick(names, width) {
  const letters = Math.floor((nameMargin(names, width) - 10) / LETTER);
  return (name) => shorten(name, Math.max(6, letters));
}

// One method that is far off would press all others together: it is named below the chart, and its number is in the table.
function withinView(points, errorOfPoint) {
  const errors = points.map(errorOfPoint).sort((a, b) => a - b);
  const limit = Math.max(1.1, 1.3 * errors[Math.floor(errors.length / 2)]);
  return [points.filter((point) => errorOfPoint(point) <= limit), points.filter((point) => errorOfPoint(point) > limit)];
}

function beyondNote(beyond, nameOf, intervalOf) {
  return beyond.length ? `Beyond the chart: ${listed(beyond.map((point) => `${nameOf(point)} (${value(intervalOf(point))})`))}.` : null;
}
