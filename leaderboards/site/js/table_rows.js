// A row of the table, and what it opens to: how to make it again, and what it was made from.

function resultRow(world, row, columns) {
  const details = el("tr", { class: "opened", hidden: true, id: freshId("details") });
  const setting = world.settingOf.get(row.setting);
  const open = el("button", {
    type: "button", class: "open", "aria-expanded": "false", "aria-controls": details.id,
    "aria-label": `How to make it again: ${row.method}, ${setting?.title ?? row.setting}`,
    on: { click: () => {
      const opened = details.hidden;
      if (opened && !details.childElementCount) details.append(el("td", { colspan: columns.length }, rowDetails(world, row, setting)));
      details.hidden = !opened;
      open.setAttribute("aria-expanded", String(opened));
    } },
  });
  const name = el("span", { title: row.method }, columns[0].text(row));
  const cells = columns.slice(1).map((column) => resultCell(row, column));
  return [el("tr", { class: row.kind === "method" ? null : "aside" }, el("th", { scope: "row" }, open, name), cells), details];
}

function resultCell(row, column) {
  const text = column.text(row);
  const best = column.key === "error" && row.best;
  const alarm = column.key === "diverged" && row.diverged > 0;
  const cell = el("td", { class: [column.number ? "number" : "", alarm ? "alarm" : ""].join(" ").trim() || null }, best ? el("strong", {}, text) : text);
  if (column.key.startsWith("channel-") && column.shaded) shadeCell(cell, column.sort(row));
  return cell;
}

function rowDetails(world, row, setting) {
  const card = content.cards.has(row.method) ? insideLink(hashOf(world, cardId(world, row.method)), "Method card") : null;
  return el("div", { class: "row-details" },
    row.command ? copyable("Run it again", row.command) : null,
    terms([
      ["Setting", setting?.title],
      ["Experiment", el("code", {}, row.experiment || NONE)],
      ["Observations (sha256)", setting?.observations ? el("code", {}, setting.observations) : null],
      ["Observed values in a case", isNumber(setting?.values_per_case) ? number(setting.values_per_case, 4) : null],
      ["Cases that diverged", row.diverged ? String(row.diverged) : null],
    ]), card);
}

function copyable(label, text) {
  const code = el("code", { tabindex: "0" }, text);
  const button = el("button", { type: "button", class: "copy", on: { click: () => copy(text, code) } }, "Copy");
  return el("div", { class: "command" }, el("p", { class: "command-label" }, label), el("pre", {}, code), button);
}

async function copy(text, node) {
  try {
    await navigator.clipboard.writeText(text);
    announce("Copied.");
    toast(node, "Copied");
  } catch {
    // not every browser lets a local file write to the clipboard
    const range = document.createRange();
    range.selectNodeContents(node);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    announce("Selected. Copy it with the keyboard.");
    toast(node, "Selected: copy it with the keyboard");
  }
}

function toast(node, text) {
  const note = el("span", { class: "toast", "aria-hidden": "true" }, text);
  node.closest(".command").append(note);
  setTimeout(() => note.remove(), 2500);
}
