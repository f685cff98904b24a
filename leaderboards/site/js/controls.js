// Choices with labels.

// options: [value, text] pairs. Nothing is drawn where there is nothing to choose.
function choice(label, options, chosen, onChange) {
  const id = freshId("choice");
  const select = el("select", { id, on: { change: () => onChange(select.value) } });
  for (const [key, text] of options) select.append(el("option", { value: key, selected: key === chosen }, text));
  return el("div", { class: "control", hidden: options.length < 2 }, el("label", { for: id }, label), select);
}

function controls(...parts) {
  return el("div", { class: "controls" }, parts);
}

const settingChoice = (world, chosen, onChange) =>
  choice("Setting", world.settings.map((setting) => [setting.id, setting.title]), chosen, onChange);

const channelChoice = (world, names, chosen, onChange, first = null) =>
  choice("Channel", [...(first ? [["", first]] : []), ...names.map((name) => [name, channelTitle(world, name)])], chosen, onChange);

// Which methods a chart shows; it is the chart's legend, too.
class MethodPicker {
  constructor(labels, chosen, onChange) {
    this.slots = new Map();
    this.boxes = new Map();
    this.onChange = onChange;
    this.labels = labels;
    const chips = labels.map((label) => this.chip(label));
    this.node = el("fieldset", { class: "picker" }, el("legend", {}, "Methods"), el("div", { class: "chips" }, chips), this.buttons(chosen));
    this.choose(chosen);
  }

  chip(label) {
    const box = el("input", { type: "checkbox", on: { change: () => this.toggle(label, box.checked) } });
    const glyph = el("span", { class: "glyph", "aria-hidden": "true" }, "○");
    const chip = el("label", { class: "chip", title: label }, box, glyph, el("span", {}, shorten(label, 40)));
    this.boxes.set(label, { box, glyph, chip });
    return chip;
  }

  buttons(leading) {
    const button = (text, labels) => el("button", { type: "button", class: "quiet", on: { click: () => this.set(labels) } }, text);
    return el("p", { class: "picker-buttons" }, button("First choice", leading), button("All", this.labels), button("None", []));
  }

  set(labels) {
    this.slots.clear();
    this.choose(labels);
    this.onChange();
  }

  choose(labels) {
    for (const label of labels) this.slots.set(label, this.free());
    for (const label of this.labels) this.paint(label);
  }

  toggle(label, on) {
    if (on) this.slots.set(label, this.free());
    else this.slots.delete(label);
    this.paint(label);
    this.onChange();
  }

  free() {
    const taken = new Set(this.slots.values());
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    return slot;
  }

  paint(label) {
    const { box, glyph, chip } = this.boxes.get(label);
    const on = this.slots.has(label);
    box.checked = on;
    chip.classList.toggle("chosen", on);
    glyph.textContent = on ? this.look(label).glyph : "○";
    glyph.className = on ? `glyph shade-${this.look(label).shade}` : "glyph";
  }

  look(label) {
    return lookOf(this.slots.get(label));
  }

  get chosen() {
    return this.labels.filter((label) => this.slots.has(label));
  }
}

// The best few of each family, so that a first look compares kinds of methods.
function firstChoice(labels, most = 6) {
  const perFamily = new Map();
  const taken = labels.filter((label) => {
    const family = familyOf(label);
    perFamily.set(family, (perFamily.get(family) || 0) + 1);
    return perFamily.get(family) <= 2 && !["reference", "oracle"].includes(family);
  });
  return (taken.length ? taken : labels).slice(0, most);
}
