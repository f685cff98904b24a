// All results: sorted, filtered, a page at a time.

function renderTable(world, body) {
  new ResultTable(world, body).draw();
}

class ResultTable {
  constructor(world, body) {
    Object.assign(this, { world, filter: new RowFilter(world), view: "summary", size: 25, page: 0 });
    this.count = el("p", { class: "count", role: "status", "aria-live": "polite" });
    this.holder = el("div", {});
    this.pages = el("nav", { class: "pages", "aria-label": "Pages of the table" });
    const again = () => this.restart();
    const search = el("input", { type: "search", id: "table-search", on: { input: () => { this.filter.words = search.value; again(); } } });
    const text = el("div", { class: "control" }, el("label", { for: "table-search" }, "Search"), search);
    const view = choice("Columns", tableViews(world), this.view, (wanted) => { this.view = wanted; this.restart(); });
    const size = choice("Rows a page", [["25", "25"], ["50", "50"], ["100", "100"], ["1000000", "all"]], "25", (wanted) => { this.size = Number(wanted); this.restart(); });
    body.append(controls(text, filterControls(world, this.filter, again), view, size), this.count, this.holder, this.pages,
      el("p", { class: "note" }, "Bold: best of its setting, or not significantly worse. Cost is that of a case."));
    body.resultTable = this;
  }

  restart() {
    this.page = 0;
    this.draw();
  }

  draw() {
    this.columns = columnsOf(this.world, this.view);
    if (this.view === "relative_error") for (const column of this.columns) column.shaded = true;
    const rows = this.filter.rows(this.columns);
    const pages = Math.max(1, Math.ceil(rows.length / this.size));
    this.page = Math.min(this.page, pages - 1);
    const start = this.page * this.size;
    const shown = rows.slice(start, start + this.size);
    this.count.textContent = rows.length ? `Rows ${start + 1} to ${start + shown.length} of ${rows.length}` : "No row matches.";
    this.holder.replaceChildren(...(rows.length ? [scroller("Table of all results", this.table(shown), "results")] : []));
    this.pages.replaceChildren(...(pages > 1 ? this.pageButtons(pages) : []));
  }

  table(rows) {
    const head = el("tr", {}, this.columns.map((column) => this.headCell(column)));
    const body = rows.flatMap((row) => resultRow(this.world, row, this.columns));
    return el("table", { class: "results" }, el("caption", { class: "unseen" }, "All results"), el("thead", {}, head), el("tbody", {}, body));
  }

  headCell(column) {
    const { key, down } = this.filter.sorting;
    // a heading that is repeated on every sheet has to be words
    if (this.view === "paper") return el("th", { scope: "col", class: column.number ? "number" : null }, column.title);
    const order = key === column.key ? (down ? "descending" : "ascending") : "none";
    const arrow = el("span", { class: "arrow", "aria-hidden": "true" }, { ascending: "▲", descending: "▼", none: "↕" }[order]);
    const button = el("button", { type: "button", title: column.hint, "data-key": column.key, on: { click: () => this.sortBy(column.key) } }, column.title, arrow);
    return el("th", { scope: "col", class: column.number ? "number" : null, "aria-sort": order }, button);
  }

  sortBy(key) {
    const { sorting } = this.filter;
    this.filter.sorting = { key, down: sorting.key === key && !sorting.down };
    this.restart();
    [...this.holder.querySelectorAll("thead button")].find((button) => button.dataset.key === key)?.focus({ preventScroll: true });
  }

  pageButtons(pages) {
    const to = (page) => () => {
      this.page = page;
      this.draw();
      this.holder.scrollIntoView({ block: "nearest" });
    };
    const button = (text, page, off) => el("button", { type: "button", disabled: off, on: { click: to(page) } }, text);
    return [button("Previous", this.page - 1, this.page === 0), el("span", {}, `Page ${this.page + 1} of ${pages}`), button("Next", this.page + 1, this.page === pages - 1)];
  }

  // Paper has no pages to turn and no room to scroll.
  printing(on) {
    if (on) this.before = { size: this.size, page: this.page, view: this.view };
    Object.assign(this, on ? { size: Number.MAX_SAFE_INTEGER, page: 0, view: "paper" } : this.before);
    this.draw();
  }
}
