// The sections: what each needs, and when it is drawn.

const SECTIONS = {
  overview: { shown: () => true, render: renderOverview },
  table: { shown: (world) => world.rows.length > 0, render: renderTable },
  skill: { shown: (world) => world.rows.length > 0 && axesToFollow(world).length > 0, render: renderSkill },
  cost: { shown: (world) => world.rows.some((row) => row.kind === "method" && row.seconds > 0), render: renderCost },
  reliability: { shown: (world) => world.reliability && Object.keys(part(world, "reliability").methods).length > 0, render: renderReliability },
  spectra: { shown: (world) => world.spectra && Object.keys(part(world, "spectra").channels).length > 0, render: renderSpectra },
  maps: { shown: (world) => world.maps, render: renderMaps },
  cards: { shown: (world) => world.methods.some((method) => content.cards.has(method.label)), render: renderCards },
};

const drawn = new Set();

function drawSection(id, world) {
  const body = document.querySelector(`#${id} .body`);
  if (!SECTIONS[id] || drawn.has(id) || document.getElementById(id).hidden) return;
  drawn.add(id);
  body.replaceChildren();
  SECTIONS[id].render(world, body);
  drawCharts(body);
}

// Makes the page that of another world; sections are drawn when they come near.
function resetSections(world) {
  drawn.clear();
  for (const id of Object.keys(SECTIONS)) {
    const section = document.getElementById(id);
    section.hidden = !SECTIONS[id].shown(world);
    section.querySelector(".body").replaceChildren();
    for (const link of document.querySelectorAll(`[data-section="${id}"]`)) link.parentElement.hidden = section.hidden;
  }
}

// All above it too, so that what is drawn later does not move it.
function drawUpTo(id, world) {
  for (const one of Object.keys(SECTIONS)) {
    drawSection(one, world);
    if (one === id) return;
  }
}

// Draws the rest while nothing else happens.
function drawIdly(world, isCurrent) {
  const wait = window.requestIdleCallback || ((go) => setTimeout(go, 60));
  const next = () => {
    const id = Object.keys(SECTIONS).find((one) => !drawn.has(one) && !document.getElementById(one).hidden);
    if (!id || !isCurrent()) return;
    drawSection(id, world);
    wait(next);
  };
  wait(next);
}
