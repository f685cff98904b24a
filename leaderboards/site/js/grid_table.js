// Plain tables: head cells, then rows whose first cell names them.

function gridTable(heads, rows, { caption = null, className = "", numeric = true } = {}) {
  const head = el("tr", {}, heads.map((text, i) => el("th", { scope: "col", class: numeric && i > 0 ? "number" : null }, text)));
  const body = rows.map((cells) =>
    el("tr", {}, cells.map((cell, i) => (i === 0 ? el("th", { scope: "row" }, cell) : el("td", { class: numeric ? "number" : null }, cell)))),
  );
  return el("table", { class: className }, caption ? el("caption", {}, caption) : null, el("thead", {}, head), el("tbody", {}, body));
}
