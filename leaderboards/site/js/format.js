// Numbers in words, with as many digits as their uncertainty bears.

const NONE = "–";
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

function decimalsOf(interval) {
  const [, low, high] = interval;
  if (!isNumber(low) || !isNumber(high) || high <= low) return null;
  return Math.min(6, Math.max(0, 1 - Math.floor(Math.log10((high - low) / 2))));
}

// Three significant digits, without an exponent where that is readable.
function number(value, digits = 3) {
  if (!isNumber(value)) return NONE;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return minus(value.toExponential(digits - 1));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return minus(value.toFixed(decimals));
}

const minus = (text) => text.replace("-", "\u2212");

function value(interval) {
  if (!interval || !isNumber(interval[0])) return NONE;
  const decimals = decimalsOf(interval);
  return decimals === null ? number(interval[0]) : minus(interval[0].toFixed(decimals));
}

function bounds(interval) {
  const decimals = interval ? decimalsOf(interval) : null;
  if (decimals === null) return "";
  return minus(`[${interval[1].toFixed(decimals)}, ${interval[2].toFixed(decimals)}]`);
}

const withBounds = (interval) => [value(interval), bounds(interval)].filter(Boolean).join(" ");

const decimals = (number, places) => (isNumber(number) ? minus(number.toFixed(places)) : NONE);

function whole(value) {
  return isNumber(value) ? Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f") : NONE;
}

function percent(fraction) {
  return isNumber(fraction) ? `${Number((100 * fraction).toPrecision(3))}\u202f%` : String(fraction);
}

// z500 stays as it is, m2 s-2 gets its exponents.
function unit(text) {
  const raised = { "-": "\u207b", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  return String(text || "").replace(/([A-Za-z])(-?\d+)/g, (_, letter, power) => letter + [...power].map((c) => raised[c]).join(""));
}

function shorten(text, most = 26) {
  const letters = [...String(text)];
  return letters.length <= most ? letters.join("") : `${letters.slice(0, most - 1).join("")}…`;
}

function listed(words, most = 6) {
  const shown = words.length > most ? [...words.slice(0, most), `${words.length - most} more`] : words;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}`;
}

function position(lat, lon) {
  const east = ((lon + 540) % 360) - 180;
  const degrees = (angle) => String(Number(Math.abs(angle).toFixed(1)));
  return `${degrees(lat)}°${lat < 0 ? "S" : "N"} ${degrees(east)}°${east < 0 ? "W" : "E"}`;
}
