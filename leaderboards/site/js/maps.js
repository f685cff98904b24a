// Maps of one case: fields on one scale, errors and increment on another.

const FIELD_MAPS = [["truth", "Truth"], ["background", "Background"], ["analysis", "Analysis"]];
const ERROR_MAPS = [["backgroundError", "Background − truth"], ["analysisError", "Analysis − truth"], ["increment", "Increment"]];
const ERROR_SCHEME = (t) => d3.interpolateRdBu(1 - t);

function renderMaps(world, body) {
  const data = new Case(part(world, "maps"));
  const names = world.channels.map((channel) => channel.name).filter((name) => Object.hasOwn(data.channels, name));
  const labels = world.methods.map((method) => method.label).filter((label) => Object.hasOwn(data.analyses, label));
  const state = { channel: names[0], label: labels[0] };
  const holder = el("div", { class: "maps-holder" });
  const show = () => {
    const shown = labels.filter((label) => Object.hasOwn(data.analyses[label], state.channel));
    if (!shown.length) return holder.replaceChildren(el("p", { class: "muted" }, "No method has this channel."));
    holder.replaceChildren(...mapsOf(world, data, state.channel, shown.includes(state.label) ? state.label : shown[0]));
    drawCharts(holder);
    announce(`Maps of ${state.channel}, ${state.label}`);
  };
  const setting = world.settingOf.get(data.setting);
  const when = [data.time ? `Analysis of ${String(data.time).replace("T", " ")} UTC` : null, setting?.title].filter(Boolean).join("; ");
  body.append(
    controls(choice("Method", labels.map((label) => [label, shorten(label, 40)]), state.label, (label) => { state.label = label; show(); }),
      channelChoice(world, names, state.channel, (name) => { state.channel = name; show(); })),
    el("p", { class: "note" }, `${when}.`), holder);
  show();
}

function mapsOf(world, data, channel, label) {
  const fields = data.fields(channel, label);
  const observed = data.observed(channel);
  const units = channelUnit(world, channel);
  const largest = data.channels[channel].error;
  const fieldColour = { type: "linear", domain: data.channels[channel].range, scheme: "viridis", clamp: true };
  const errorColour = { type: "linear", domain: [-largest, largest], interpolate: ERROR_SCHEME, clamp: true };
  const map = (key, title, color) => fieldMap(data, fields[key], { title, color, units, channel });
  const named = (title) => (title === "Analysis" ? `Analysis by ${shorten(label, 30)}` : title);
  const dots = observed.length || data.observations ? [dotMap(data, observed, { title: `Observations (${observed.length})`, color: fieldColour, channel })] : [];
  return [
    mapGroup(channelTitle(world, channel), legendOf(fieldColour, channel, units), [...FIELD_MAPS.map(([key, title]) => map(key, named(title), fieldColour)), ...dots], { large: true }),
    mapGroup("Errors and increment", legendOf(errorColour, "difference", units), ERROR_MAPS.map(([key, title]) => map(key, title, errorColour)),
      { note: "Increment: analysis minus background. What exceeds the scale has the colour of its end." }),
    dataTable(`Maps of ${channel}, ${label}`, () => mapTable(data, fields, units)),
  ];
}

function mapGroup(title, legend, maps, { note = null, large = false }) {
  return el("div", { class: "map-group" }, el("div", { class: "map-head" }, el("h3", {}, title), legend), el("div", { class: large ? "map-grid large" : "map-grid" }, maps), note ? el("p", { class: "note" }, note) : null);
}

function legendOf(color, label, units) {
  const legend = Plot.legend({ color: { ...color, label: `${label}${units ? ` [${units}]` : ""}` }, className: PLOT_CLASS, width: 280, height: 46, marginLeft: 26, marginRight: 26, ticks: 4, tickFormat: (v) => number(v) });
  legend.setAttribute("role", "img");
  legend.setAttribute("aria-label", `Colour scale of ${label} from ${number(color.domain[0])} to ${number(color.domain[1])} ${units}`);
  return el("div", { class: "map-legend" }, legend);
}

function mapFrame(data, width) {
  const [west, east, south, north] = data.extent();
  const degrees = (first, last, room, step) => d3.ticks(first, last, Math.max(2, room / step)).filter((v) => v >= first && v <= last);
  const height = Math.round(Math.min(520, Math.max(90, ((width - 50) * (north - south)) / (east - west) + 26)));
  return {
    height, marginLeft: 42, marginRight: 8, marginTop: 4, marginBottom: 22,
    x: { domain: [west, east], label: null, ticks: degrees(west, east, width, 80), tickFormat: (lon) => position(0, lon).split(" ")[1], tickSize: 3 },
    y: { domain: [south, north], label: null, ticks: degrees(south, north, height, 45), tickFormat: (lat) => position(lat, 0).split(" ")[0], tickSize: 3 },
  };
}

function fieldMap(data, values, { title, color, units, channel }) {
  const [west, east, south, north] = data.extent();
  const [least, most] = extremes(values);
  return chart({
    title,
    className: "map",
    label: `Map: ${title}, ${channel}, from ${number(values[least])} to ${number(values[most])} ${units}.`,
    draw: (width) => ({
      ...mapFrame(data, width),
      color,
      marks: [
        data.even
          ? Plot.raster(values, { width: data.columns, height: data.rows, x1: west, x2: east, y1: south, y2: north, imageRendering: "pixelated" })
          : Plot.raster(data.samples(values), { x: "lon", y: "lat", fill: "value", x1: west, x2: east, y1: south, y2: north, interpolate: "nearest" }),
        Plot.frame({ stroke: "var(--line)" }),
      ],
    }),
  });
}

function dotMap(data, observed, { title, color, channel }) {
  return chart({
    title,
    className: "map",
    label: `Map: ${observed.length} observations of ${channel}, as dots.`,
    draw: (width) => ({
      ...mapFrame(data, width),
      color,
      marks: [
        Plot.frame({ fill: "var(--sea)", stroke: "var(--line)" }),
        Plot.dot(observed, { x: "lon", y: "lat", fill: "value", r: observed.length > 400 ? 1.6 : 3, stroke: "var(--ink)", strokeWidth: 0.5 }),
      ],
    }),
  });
}

function mapTable(data, fields, units) {
  const rows = [...FIELD_MAPS, ...ERROR_MAPS].map(([key, title]) => {
    const [least, most] = extremes(fields[key]);
    const at = (i) => position(data.latitude[Math.floor(i / data.columns)], data.east[i % data.columns]);
    return [title, number(fields[key][least], 4), at(least), number(fields[key][most], 4), at(most)];
  });
  return gridTable(["Map", `Lowest${units ? ` [${units}]` : ""}`, "where", "Highest", "where"], rows);
}
