// Which world and which section: both stand in the address, as #world/section.

let current = null;

function hashOf(world, section) {
  return `#${encodeURIComponent(world.name)}/${section}`;
}

function readHash() {
  const [first, second] = location.hash.slice(1).split("/");
  if (first === "") return { world: content.worlds[0], section: "" };
  if (second === undefined) return { world: current || content.worlds[0], section: first };
  let name = first;
  try {
    name = decodeURIComponent(first);
  } catch {
    // not of this page's making: no world is called so
  }
  return { world: content.worlds.find((world) => world.name === name) || content.worlds[0], section: second };
}

function showWorld(world) {
  if (world === current) return;
  current = world;
  resetSections(world);
  for (const input of document.querySelectorAll("#world-switch input")) input.checked = content.worlds[Number(input.value)] === world;
  for (const link of document.querySelectorAll("a[data-section], .brand a")) link.href = hashOf(world, link.dataset.section || "overview");
  for (const link of document.querySelectorAll("#downloads a[href$='#table'], #downloads a[href$='/table']")) link.href = hashOf(world, "table");
  for (const section of document.querySelectorAll("[data-lazy]")) {
    nearby.unobserve(section);
    nearby.observe(section);
  }
  drawSection("overview", world);
  drawIdly(world, () => current === world);
}

function follow() {
  const { world, section } = readHash();
  showWorld(world);
  if (!section || section === "main") return;
  const sectionOf = section.startsWith("card-") ? "cards" : section;
  drawUpTo(sectionOf in SECTIONS ? sectionOf : "cards", world);
  const target = document.getElementById(section);
  if (!target || target.hidden) return;
  target.scrollIntoView();
  (target.querySelector("h2") || target).focus({ preventScroll: true });
  document.getElementById("announcer").textContent = "";
}

const nearby = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) drawSection(entry.target.id, current);
}, { rootMargin: "300px" });

function worldSwitch() {
  const holder = document.getElementById("world-switch");
  if (content.worlds.length < 2) return holder.append(el("span", { class: "muted" }, shorten(content.worlds[0].name, 40)));
  const radios = content.worlds.map((world, i) => {
    const input = el("input", { type: "radio", name: "world", value: i, on: { change: () => switchTo(world) } });
    return el("label", { title: world.title }, input, el("span", {}, shorten(world.name, 30)));
  });
  holder.append(el("fieldset", {}, el("legend", { class: "unseen" }, "World"), radios));
}

function switchTo(world) {
  const { section } = readHash();
  const to = section && !section.startsWith("card-") ? section : "overview";
  history.pushState(null, "", hashOf(world, to));
  const before = scrollY;
  showWorld(world);
  if (before > 0) drawUpTo("cards", world);
  document.getElementById(to)?.scrollIntoView();
  announce(`World: ${world.title || world.name}`);
}

// The section in view is marked in the navigation.
const inView = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const link of document.querySelectorAll("a[data-section]")) {
      if (link.dataset.section === entry.target.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
}, { rootMargin: "-15% 0px -75% 0px" });

addEventListener("beforeprint", () => {
  drawUpTo(null, current);
  document.querySelector("#table .body").resultTable?.printing(true);
});
addEventListener("afterprint", () => document.querySelector("#table .body").resultTable?.printing(false));
addEventListener("hashchange", follow);
addEventListener("popstate", follow);
worldSwitch();
for (const section of document.querySelectorAll("main section")) inView.observe(section);
follow();
