// Elements: every text goes in as text, and only attributes named here go in at all.

const SAFE = /^(class|id|for|type|name|value|role|scope|colspan|tabindex|title|lang|datetime|data-[a-z-]+|aria-[a-z]+)$/;

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (SAFE.test(key)) node.setAttribute(key, value === true ? "" : String(value));
    else node[key] = value; // properties: checked, selected, disabled, hidden, open
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

// A link to anywhere else: only http and https are followed, anything else stays words.
function outsideLink(url, text) {
  let target = null;
  try {
    target = new URL(url);
  } catch {
    return el("span", {}, text);
  }
  if (target.protocol !== "https:" && target.protocol !== "http:") return el("span", {}, text);
  const link = el("a", {}, text);
  link.href = target.href;
  link.rel = "noopener noreferrer";
  return link;
}

function insideLink(hash, text, attributes = {}) {
  const link = el("a", attributes, text);
  link.href = hash;
  return link;
}

function announce(text) {
  document.getElementById("announcer").textContent = text;
}

let countOfIds = 0;
function freshId(stem) {
  countOfIds += 1;
  return `${stem}-${countOfIds}`;
}

// Rows of terms and what they are; entries without a description are left out.
function terms(entries, className = "facts") {
  const told = entries.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", { class: className }, told.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))));
}

// A table that scrolls by itself, within reach of the keyboard.
function scroller(label, table, className = "") {
  return el("div", { class: `scroller ${className}`, role: "region", "aria-label": label, tabindex: "0" }, table);
}
