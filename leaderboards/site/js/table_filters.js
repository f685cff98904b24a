// Which rows of the table are shown, and in which order.

class RowFilter {
  constructor(world) {
    this.world = world;
    this.words = "";
    this.equal = new Map();
    this.sorting = { key: null, down: false };
    this.searched = new Map(world.rows.map((row) => [row, searchText(world, row)]));
  }

  rows(columns) {
    const words = this.words.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.world.rows.filter((row) => {
      for (const [of, wanted] of this.equal.values()) if (of(row) !== wanted) return false;
      const text = this.searched.get(row);
      return words.every((word) => text.includes(word));
    });
    const column = columns.find((one) => one.key === this.sorting.key);
    return column ? sorted(found, column.sort, this.sorting.down) : found;
  }

  // wanted null: all
  setEqual(name, of, wanted) {
    if (wanted === null) this.equal.delete(name);
    else this.equal.set(name, [of, wanted]);
  }
}

function searchText(world, row) {
  const setting = world.settingOf.get(row.setting);
  return [row.method, row.kind, row.experiment, familyOf(row.method), setting?.title, setting?.observations].join(" ").toLowerCase();
}

// Rows without a value come last, whichever way; equal ones keep their order.
function sorted(rows, of, down) {
  const keyed = rows.map((row) => [of(row), row]);
  const known = keyed.filter(([key]) => key !== null && key !== undefined);
  const unknown = keyed.filter(([key]) => key === null || key === undefined);
  const compare = ([a], [b]) => (typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0);
  known.sort((a, b) => (down ? -compare(a, b) : compare(a, b)));
  return [...known, ...unknown].map(([, row]) => row);
}

// A choice for every axis that varies, and for the kind.
function filterControls(world, filter, onChange) {
  const axisOf = (axis) => (row) => JSON.stringify(world.settingOf.get(row.setting)?.axes?.[axis] ?? null);
  const parts = variedAxes(world).map((axis) => {
    const values = [...new Map(world.settings.map((setting) => [JSON.stringify(setting.axes?.[axis] ?? null), setting.axes?.[axis]])).entries()];
    if (values.every(([, v]) => isNumber(v))) values.sort((a, b) => a[1] - b[1]);
    return equalChoice(capital(axisName(axis)), values.map(([key, v]) => [key, axisText(axis, v)]), filter, axis, axisOf(axis), onChange);
  });
  const kinds = [...new Set(world.rows.map((row) => row.kind))];
  const kindNames = { method: "methods", reference: "references", oracle: "oracles" };
  if (kinds.length > 1) parts.push(equalChoice("Kind", kinds.map((kind) => [kind, kindNames[kind] || kind]), filter, "kind", (row) => row.kind, onChange));
  return parts;
}

function equalChoice(label, options, filter, name, of, onChange) {
  return choice(label, [["", "all"], ...options], "", (wanted) => {
    filter.setEqual(name, of, wanted === "" ? null : wanted);
    onChange();
  });
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
