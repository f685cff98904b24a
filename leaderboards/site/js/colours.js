// Colours and marks that tell methods apart, in light and dark, with and without colour.

const SHADES = 8;
const SYMBOLS = ["circle", "triangle", "square", "diamond", "star", "cross", "wye"];
const GLYPHS = { circle: "●", triangle: "▲", square: "■", diamond: "◆", star: "★", cross: "✚", wye: "▼" };
const DASHES = [null, "7 3", "2 3", "9 3 2 3"];

// The look of the n-th thing to be told apart.
function lookOf(n) {
  const symbol = SYMBOLS[n % SYMBOLS.length];
  return { colour: `var(--c${n % SHADES})`, shade: n % SHADES, symbol, glyph: GLYPHS[symbol], dash: DASHES[Math.floor(n / SHADES) % DASHES.length] };
}

const FAMILIES = ["variational", "ensemble", "diffusion", "interpolation", "other", "reference", "oracle"];
const familyLook = (family) => lookOf(Math.max(0, FAMILIES.indexOf(family)));

// Colours a table cell by a relative error: towards one colour below 1, towards another above.
function shadeCell(cell, error) {
  if (!isNumber(error) || error < 0) return;
  const doublings = error === 0 ? -1.6 : Math.max(-1.6, Math.min(1.6, Math.log2(error)));
  const side = doublings < 0 ? "better" : "worse";
  const amount = Math.round(100 * (Math.abs(doublings) / 1.6) ** 0.75);
  cell.classList.add(side);
  cell.style.setProperty("--shade", `color-mix(in srgb, var(--${side}) ${amount}%, var(--surface))`);
}
