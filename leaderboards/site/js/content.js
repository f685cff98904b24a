// What the page shows, as it stands in the page's data elements.

const content = JSON.parse(document.getElementById("data").textContent);
content.cards = new Map(Object.entries(content.cards || {}));

// Spectra, reliability and maps are large, and read when they are first shown.
const apartParts = new Map();
function part(world, name) {
  const id = `data-${content.worlds.indexOf(world)}-${name}`;
  if (!apartParts.has(id)) {
    const node = document.getElementById(id);
    apartParts.set(id, node ? JSON.parse(node.textContent) : null);
  }
  return apartParts.get(id);
}

// Rows come without the names of their values; see packing.py.
function unpackRows(world) {
  const { fields, scores, rows } = world.rows;
  const named = (names, values) => Object.fromEntries(names.map((name, i) => [name, values[i]]));
  return rows.map((values) => {
    const ofChannel = world.channels.map((channel, i) => [channel.name, values[fields.length + i]]).filter(([, found]) => found);
    return { ...named(fields, values), channels: new Map(ofChannel.map(([name, found]) => [name, named(scores, found)])) };
  });
}

for (const world of content.worlds) {
  world.rows = unpackRows(world);
  world.settingOf = new Map(world.settings.map((setting) => [setting.id, setting]));
  world.defaultSetting = world.settings.find((setting) => setting.default) || world.settings[0];
  world.channelOf = new Map(world.channels.map((channel) => [channel.name, channel]));
  world.rankOf = new Map(world.ranking.map((place) => [place.method, place]));
  world.rowOf = new Map(world.rows.map((row) => [`${row.setting}\n${row.method}`, row]));
  world.methods = methodsOf(world);
  sortRows(world);
}

// Methods in the order of the ranking, then the unranked, then references and oracles.
function methodsOf(world) {
  const labels = [...new Set([...world.ranking.map((place) => place.method), ...world.rows.map((row) => row.method)])];
  const kinds = new Map(world.rows.map((row) => [row.method, row.kind]));
  for (const place of world.ranking) kinds.set(place.method, place.kind);
  const fallback = (label) => errorOf(world.rowOf.get(`${world.defaultSetting?.id}\n${label}`), null)?.[0] ?? Infinity;
  const keys = new Map(labels.map((label) => {
    const place = world.rankOf.get(label);
    return [label, [kinds.get(label) === "method" ? 0 : 1, place?.rank ?? Infinity, place?.mean?.[0] ?? fallback(label)]];
  }));
  const order = (a, b) => {
    const [x, y] = [keys.get(a), keys.get(b)];
    const i = x.findIndex((key, at) => key !== y[at]);
    return i < 0 ? 0 : x[i] < y[i] ? -1 : 1;
  };
  return labels.sort(order).map((label) => ({ label, kind: kinds.get(label) || "method" }));
}

// Setting by setting, the best first, references and oracles last.
function sortRows(world) {
  const place = new Map(world.settings.map((setting, i) => [setting.id, i]));
  const keys = (row) => [place.get(row.setting) ?? Infinity, row.kind === "method" ? 0 : 1, row.relative_error?.[0] ?? 1e9];
  world.rows = world.rows.map((row) => [keys(row), row]).sort(([a], [b]) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]).map(([, row]) => row);
}

const rowIn = (world, setting, label) => world.rowOf.get(`${setting}\n${label}`);

// [value, low, high] of a row's relative error: of one channel, or of all where there is none named.
function errorOf(row, channel) {
  if (!row) return null;
  return (channel ? row.channels.get(channel)?.relative_error : row.relative_error) || null;
}

const familyOf = (label) => content.cards.get(label)?.family || "other";
const channelTitle = (world, name) => {
  const title = world.channelOf.get(name)?.title;
  return title && title !== name ? `${name}, ${title}` : name;
};
const channelUnit = (world, name) => unit(world.channelOf.get(name)?.unit);
