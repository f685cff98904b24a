// What each method is.

const USES = [["background", "background"], ["adjoint", "adjoint of the operator"], ["ensemble", "ensemble of forecasts"], ["network", "neural network"], ["truth", "truth (an oracle)"]];

// The element of a method's card; a label may hold anything, so its place in the list names it.
function cardId(world, label) {
  return `card-${world.methods.findIndex((method) => method.label === label) + 1}`;
}

function renderCards(world, body) {
  const labels = world.methods.map((method) => method.label).filter((label) => content.cards.has(label));
  body.append(el("div", { class: "cards" }, labels.map((label) => methodCard(world, label, content.cards.get(label)))));
}

function methodCard(world, label, card) {
  const here = Object.hasOwn(card.worlds || {}, world.name) ? card.worlds[world.name] : null;
  const place = world.rankOf.get(label);
  const paper = card.paper ? (card.url ? outsideLink(card.url, card.paper) : card.paper) : card.url ? outsideLink(card.url, card.url) : null;
  const standing = place?.rank ? `${place.rank}, relative error ${withBounds(place.mean)}` : null;
  const version = card.version === null || card.version === undefined || card.version === "" ? null : `version ${card.version}`;
  return el("article", { class: "card", id: cardId(world, label), tabindex: "-1", "aria-labelledby": `${cardId(world, label)}-name` },
    el("h3", { id: `${cardId(world, label)}-name` }, label),
    el("p", { class: "card-kind" }, el("span", { class: `glyph shade-${familyLook(card.family).shade}`, "aria-hidden": "true" }, familyLook(card.family).glyph), [card.family, card.name !== label ? card.name : null, version].filter(Boolean).join(" · ")),
    terms([["Paper", paper], ["Rank", standing], ["Uses", usesOf(card.uses)], ...factsHere(here)]),
    here && Object.keys(here.parameters || {}).length ? parameters(here.parameters) : null);
}

function usesOf(uses) {
  if (!uses) return "not stated";
  const used = USES.filter(([key]) => uses[key]).map(([, text]) => text);
  const unstated = USES.filter(([key]) => uses[key] === null).map(([, text]) => text);
  return [used.join(", ") || "nothing of the case", unstated.length ? `not stated: ${unstated.join(", ")}` : null].filter(Boolean).join("; ");
}

function factsHere(here) {
  if (!here) return [];
  const hash = here.weights ? el("code", { title: here.weights }, shorten(here.weights, 17)) : null;
  return [
    ["Training years", here.training_years],
    ["Components", (here.components || []).join(", ")],
    ["Weights", hash],
    ["Tuning trials", isNumber(here.trials) ? (here.trials ? String(here.trials) : "none") : null],
  ];
}

function parameters(values) {
  const rows = Object.entries(values).map(([name, value]) => [el("code", {}, name), typeof value === "string" ? value : JSON.stringify(value)]);
  return el("details", { class: "data" }, el("summary", {}, "Parameters"), gridTable(["Parameter", "Value"], rows, { numeric: false }));
}
