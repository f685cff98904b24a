// The columns of the table of all results.

const AXIS_NAMES = { obs_frac: "observed", obs_vars: "variables", obs_std: "obs. error", network: "network", operator: "operator", withhold: "withheld", split: "split" };
const AXIS_LONG = { obs_frac: "observation fraction", obs_vars: "variables observed", obs_std: "observation error [climatological std]", network: "network of observations", operator: "observation operator", withhold: "withheld variables" };
const axisName = (axis) => AXIS_NAMES[axis] || axis;
const axisLong = (axis) => AXIS_LONG[axis] || axis;

function axisText(axis, value) {
  if (value === null || value === undefined) return NONE;
  if (axis === "obs_frac") return percent(value);
  return isNumber(value) ? String(Number(value.toPrecision(4))).replace("-", "\u2212") : String(value);
}

// Axes in which the settings of a world differ.
function variedAxes(world) {
  const axes = [...new Set(world.settings.flatMap((setting) => Object.keys(setting.axes || {})))];
  return axes.filter((axis) => new Set(world.settings.map((setting) => JSON.stringify(setting.axes?.[axis] ?? null))).size > 1);
}

const CHANNEL_SCORES = [
  ["relative_error", "Relative error by channel"], ["rmse", "RMSE by channel"], ["acc", "ACC by channel"], ["bias", "Bias by channel"],
  ["crps", "CRPS by channel"], ["spread_skill", "Spread over skill by channel"],
];

// What can be shown: a summary, and each score by channel that some row has.
function tableViews(world) {
  const has = (score) => world.rows.some((row) => [...row.channels.values()].some((one) => one[score] !== null && one[score] !== undefined));
  return [["summary", "Summary and cost"], ...CHANNEL_SCORES.filter(([score]) => has(score))];
}

const PAPER = ["method", "error", "members", "diverged", "seconds", "network_calls", "trials"]; // as many as fit

/* A column: key, title, hint; sort: row -> number, words or null; text: row -> words; number: whether it is one. */
function columnsOf(world, view) {
  if (view === "paper") return columnsOf(world, "summary").filter((column) => column.key.startsWith("axis-") || PAPER.includes(column.key));
  const axes = variedAxes(world).map((axis) => axisColumn(world, axis));
  const start = [{ key: "method", title: "Method", sort: (row) => row.method.toLowerCase(), text: (row) => shorten(row.method, 40) }, ...axes];
  const error = { key: "error", title: "Relative error", hint: "mean over channels, 95 % interval", number: true, sort: (row) => row.relative_error?.[0] ?? null, text: (row) => withBounds(row.relative_error) };
  if (view !== "summary") return [...start, { ...error, title: "Mean", text: (row) => value(row.relative_error) }, ...world.channels.map((channel) => channelColumn(world, channel.name, view))];
  const rest = [
    plain("rank", "Rank", whole), plain("kind", "Kind", null), plain("members", "Members", whole), plain("cases", "Cases", whole),
    plain("diverged", "Diverged", whole, "cases"), plain("not_converged", "Not conv.", whole, "cases that did not converge"),
    plain("seconds", "Seconds", (v) => number(v, 2), "per case"), plain("network_calls", "Net calls", whole, "network calls per case"),
    plain("iterations", "Iterations", whole, "per case"), plain("memory_mb", "Memory", whole, "peak, MB"), plain("trials", "Trials", whole, "of tuning"),
  ];
  const shown = rest.filter((column) => world.rows.some((row) => row[column.key] !== null && row[column.key] !== undefined));
  return [...start, error, ...shown];
}

function plain(key, title, format, hint = null) {
  const text = (row) => (format ? format(row[key]) : String(row[key] ?? NONE));
  return { key, title, hint, number: format !== null, sort: (row) => row[key] ?? null, text };
}

function axisColumn(world, axis) {
  const of = (row) => world.settingOf.get(row.setting)?.axes?.[axis];
  const numeric = world.settings.every((setting) => isNumber(setting.axes?.[axis]));
  return { key: `axis-${axis}`, title: capital(axisName(axis)), hint: axisLong(axis), number: numeric, sort: (row) => of(row) ?? null, text: (row) => axisText(axis, of(row)) };
}

function channelColumn(world, name, score) {
  const of = (row) => {
    const found = row.channels.get(name)?.[score];
    return Array.isArray(found) ? found[0] : found;
  };
  const interval = (row) => row.channels.get(name)?.[score];
  const text = (row) => (Array.isArray(interval(row)) ? value(interval(row)) : number(of(row)));
  const units = ["rmse", "bias", "crps"].includes(score) ? `, ${channelUnit(world, name)}` : "";
  return { key: `channel-${name}`, title: shorten(name, 14), hint: `${channelTitle(world, name)}${units}`, number: true, sort: (row) => of(row) ?? null, text };
}
