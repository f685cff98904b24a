// Power by wavenumber: of the analysis, of its error, over the truth's, and up to where the analysis is right.

const SPECTRA = [["analysis", "Power of the analysis"], ["ratio", "Power over the truth’s"], ["error", "Power of the error"], ["resolution", "Effective resolution"]];

function renderSpectra(world, body) {
  const data = part(world, "spectra");
  const names = world.channels.map((channel) => channel.name).filter((name) => Object.hasOwn(data.channels, name));
  const state = { channel: names[0], kind: "analysis" };
  const held = new Set(names.flatMap((name) => Object.keys(data.channels[name].methods)));
  const labels = world.methods.map((method) => method.label).filter((label) => held.has(label));
  const methods = world.methods.filter((method) => method.kind === "method" && held.has(method.label)).map((method) => method.label);
  const holder = el("div", {});
  const picker = new MethodPicker(labels, firstChoice(methods, 5), () => show());
  const show = () => {
    const one = { ...data.channels[state.channel], wavenumbers: data.wavenumbers };
    holder.replaceChildren(state.kind === "resolution" ? resolutionChart(world, state, one, labels) : spectrumChart(world, state, one, picker));
    picker.node.hidden = state.kind === "resolution";
    drawCharts(holder);
  };
  const setting = world.settingOf.get(data.setting);
  body.append(controls(choice("Show", SPECTRA, state.kind, (kind) => { state.kind = kind; show(); }), channelChoice(world, names, state.channel, (name) => { state.channel = name; show(); })),
    setting ? el("p", { class: "note" }, `Setting: ${setting.title}.`) : "", picker.node, holder);
  show();
}

function spectrumSeries(state, data, picker) {
  const { wavenumbers, truth } = data;
  const points = (label, values, look) => wavenumbers.map((k, i) => ({ label, k, power: state.kind === "ratio" ? values[i] / truth[i] : values[i], look })).filter((p) => p.k > 0 && p.power > 0);
  const series = picker.chosen.filter((label) => Object.hasOwn(data.methods, label)).map((label) => points(label, data.methods[label][state.kind === "error" ? "error" : "analysis"], picker.look(label)));
  const ink = { colour: "var(--ink)", dash: null };
  if (state.kind === "error") series.push(points("background’s error", data.background_error, { colour: "var(--muted)", dash: "5 3" }));
  if (state.kind !== "ratio") series.push(points("truth", truth, ink));
  return series.filter((one) => one.length);
}

function spectrumChart(world, state, data, picker) {
  const series = spectrumSeries(state, data, picker);
  const units = channelUnit(world, state.channel);
  const ends = series.filter((one) => one[0].label === "truth" || one[0].label === "background’s error");
  const title = `${SPECTRA.find(([kind]) => kind === state.kind)[1]}: ${channelTitle(world, state.channel)}`;
  const axis = state.kind === "ratio" ? "↑ power / power of the truth" : `↑ power${units ? ` [(${units})²]` : ""}`;
  return chart({
    title,
    label: `Line chart by zonal wavenumber, both axes logarithmic. ${title}, for ${listed(series.map((one) => one[0].label), 8)}.`,
    note: state.kind === "error" ? "Where a line is above the truth’s, nothing of that scale is known." : state.kind === "ratio" ? "Below 1 the analysis is too smooth at that scale, above 1 too rough." : null,
    draw: (width) => series.length === 0 ? null : {
      height: Math.min(460, Math.max(300, width * 0.52)),
      marginLeft: 58,
      marginRight: 16,
      x: { type: "log", label: "zonal wavenumber →", ticks: [1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 500], tickFormat: String },
      y: { type: "log", label: axis, grid: true, ticks: 5, tickFormat: powerTick },
      marks: [
        ...(state.kind === "ratio" ? [Plot.ruleY([1], { stroke: "var(--ink)" })] : []),
        ...series.map((one) => Plot.line(one, { x: "k", y: "power", stroke: one[0].look.colour, strokeDasharray: one[0].look.dash, strokeWidth: one[0].label === "truth" ? 2.5 : 1.8 })),
        Plot.text(ends.map((one) => one[Math.floor(one.length / 3)]), { x: "k", y: "power", text: "label", dy: -9, textAnchor: "start", fontWeight: 600, fill: "var(--ink)", stroke: "var(--surface)", strokeWidth: 4 }),
        Plot.tip(series.flat(), Plot.pointer({ x: "k", y: "power", title: (p) => `${p.label}\nwavenumber ${p.k}: ${number(p.power)}` })),
      ],
    },
    table: () => gridTable(["Wavenumber", ...series.map((one) => one[0].label)], data.wavenumbers.filter((k) => k > 0).map((k) => [String(k), ...series.map((one) => number(one.find((p) => p.k === k)?.power))])),
  });
}

function powerTick(power) {
  const exponent = Math.log10(power);
  if (!Number.isInteger(Number(exponent.toFixed(9)))) return exponent > -2 && exponent < 3 ? String(Number(power.toPrecision(2))) : "";
  return Math.abs(exponent) < 3 ? String(Number(power.toPrecision(2))) : unit(`m${Math.round(exponent)}`).replace("m", "10");
}

// The highest wavenumber at which the error has less than half of the truth's power; 0 if there is none.
function effectiveResolution(data, label) {
  const { wavenumbers, truth, methods } = data;
  const resolved = wavenumbers.filter((k, i) => methods[label].error[i] < truth[i] / 2);
  return resolved.length ? Math.max(...resolved) : 0;
}

function resolutionChart(world, state, data, labels) {
  const points = labels.filter((label) => Object.hasOwn(data.methods, label)).map((label) => ({ label, k: effectiveResolution(data, label) }));
  const title = `Effective resolution: ${channelTitle(world, state.channel)}`;
  const names = points.map((point) => point.label);
  return chart({
    title,
    label: `Bar chart of the effective resolution, as a zonal wavenumber, of ${names.length} methods; larger is finer.`,
    note: "The highest wavenumber at which the power of the error is below half of that of the truth.",
    draw: (width) => points.length === 0 ? null : {
      height: 50 + 22 * points.length,
      marginLeft: nameMargin(names, width),
      marginRight: 30,
      x: { label: "zonal wavenumber →", grid: true, nice: true },
      y: { label: null, domain: names, tickFormat: nameTick(names, width) },
      marks: [
        Plot.barX(points, { y: "label", x: "k", fill: (p) => familyLook(familyOf(p.label)).colour, insetTop: 3, insetBottom: 3 }),
        Plot.text(points, { y: "label", x: "k", text: (p) => String(p.k), dx: 5, textAnchor: "start" }),
      ],
    },
    table: () => gridTable(["Method", "Wavenumber"], points.map((p) => [p.label, String(p.k)])),
  });
}
