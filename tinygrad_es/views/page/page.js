// The page: steps, keys, buttons, search, themes, languages, legend.

// Milliseconds from step to step when it plays.
const PACE = 1600;
// The smallest scale at first.
const READABLE = 0.62;
let playing = 0;

/** Go to a place of the walk: 0 before it, then the steps, then all gradients. */
function go(place, { quiet = false } = {}) {
  const { scene } = state, last = steps.length ? scene.steps.length + 1 : 0;
  state.place = Math.max(0, Math.min(place, last));
  const slider = at("slider");
  slider.max = last;
  slider.value = state.place;
  const text = placeText(scene, state.place);
  at("place").textContent = text;
  slider.setAttribute("aria-valuetext", text);
  for (const id of ["first", "back"]) at(id).disabled = !state.place;
  for (const id of ["play", "next", "last", "slider"]) at(id).disabled = !last;
  refresh();
  at("story").replaceChildren(...storyAt(scene, state.place, go, (g) => toggle(g)));
  if (!quiet) at("live").textContent = announcement(scene, state.place);
  const step = state.place && state.place < last ? scene.steps[state.place - 1] : null;
  if (step) reveal(scene.boxes[step.box]);
}

const next = () => go(state.place > state.scene.steps.length ? 0 : state.place + 1);

function play(on = !playing) {
  clearInterval(playing);
  playing = 0;
  if (on && steps.length) {
    if (state.place > state.scene.steps.length) go(0);
    playing = setInterval(() => {
      next();
      if (state.place > state.scene.steps.length) play(false);
    }, PACE);
  }
  at("play").textContent = playing ? `⏸ ${say("pause")}` : `▶ ${say("play")}`;
}

// --- layers -------------------------------------------------------------------------------------

/** Draw anew with other layers closed; the walk stays at the same operation. */
function withLayers(change, { whole = true } = {}) {
  const over = !state.scene || state.place > state.scene.steps.length;
  const raw = over || !state.place ? -1 : done() - 1;
  const held = document.activeElement?.closest("#graph-view [data-key]");
  change(state.closed);
  redraw();
  if (whole) fit(READABLE); else zoomTo(...Object.values(state.zoom));
  search(at("search").value);
  const found = state.scene.steps.findIndex(({ from, to }) => from <= raw && raw <= to);
  go(over ? state.scene.steps.length + 1 : found + 1, { quiet: true });
  if (held) (picture.querySelector(`[data-key="${state.focused}"]`) ?? stops()[0])?.focus();
}

function toggle(g) {
  hideTip(0);
  const closing = !state.closed.has(g);
  state.focused = closing ? `group ${g}` : `frame ${g}`;
  withLayers((closed) => closing ? closed.add(g) : closed.delete(g));
  at("live").textContent = `${say(closing ? "close_layer" : "open_layer", groups[g].title)}. `
    + say("operations", operationsOf(g));
}

/** Close the innermost layers that are open. */
function closeLayers() {
  const open = groups.map((_, g) => g).filter((g) => !state.closed.has(g));
  const inner = open.filter((g) => !open.some((other) => groups[other].parent === g));
  withLayers((closed) => inner.forEach((g) => closed.add(g)));
}
const openLayers = () => withLayers((closed) => closed.clear());

/** `c`: the focused layer, or the layer of the focused node, else all. */
function collapseKey() {
  const element = document.activeElement?.closest("[data-key]");
  const box = element?.dataset.box !== undefined ? state.scene.boxes[element.dataset.box] : null;
  if (element?.dataset.group !== undefined) toggle(Number(element.dataset.group));
  else if (box) {
    const g = box.group ?? nodes[box.node].group;
    if (g !== null) toggle(g);
  } else if (state.closed.size) openLayers();
  else closeLayers();
}

// --- the graph under pointer and keys -----------------------------------------------------------

/** What can be focused in the graph, in order: frames and boxes, each box before its arrows. */
function stops() {
  const { scene } = state, into = scene.boxes.map(() => []);
  scene.links.forEach((link) => into[link.v].push(link.element));
  const frames = picture.querySelectorAll(".tab");
  return [...frames, ...scene.boxes.flatMap((box, b) => [box.card, ...into[b]])];
}

function walk(by) {
  const all = stops(), here = all.indexOf(document.activeElement);
  focusOn(all[Math.max(0, Math.min(all.length - 1, here < 0 ? 0 : here + by))]);
}

function focusOn(element) {
  if (!element) return;
  picture.querySelector('[tabindex="0"]')?.setAttribute("tabindex", -1);
  element.setAttribute("tabindex", 0);
  element.focus({ preventScroll: true });
  state.focused = element.dataset.key ?? state.focused;
  if (element.dataset.box !== undefined) reveal(state.scene.boxes[element.dataset.box]);
}

/** A box is pressed: a closed layer opens, a node goes to its step (a leaf to where it is done). */
function press(element) {
  if (element.dataset.group !== undefined) return toggle(Number(element.dataset.group));
  const box = state.scene.boxes[element.dataset.box];
  if (!box) return undefined;
  state.focused = element.dataset.key;
  if (box.group !== null) return toggle(box.group);
  const k = stepOf.get(box.node)
    ?? largest(arriving[box.node].map((e) => stepOf.get(edges[e].target)));
  const place = state.scene.steps.findIndex(({ from, to }) => from <= k && k <= to);
  return place < 0 ? undefined : go(place + 1);
}

function tell(element) {
  const { box, link, group } = element.dataset, { boxes, links } = state.scene;
  const found = boxes[box], g = group ?? found?.group ?? null;
  showTip(element, link !== undefined ? linkTip(links[link], done())
    : g !== null ? layerTip(Number(g), done()) : nodeTip(found.node, done()));
}

const part = (target) => target instanceof Element
  ? target.closest("[data-box],[data-link],[data-group]") : null;
on(picture, "pointerover", (event) => {
  const element = part(event.target);
  if (element && !fingers.size) tell(element); else hideTip();
});
on(picture, "pointerleave", () => hideTip());
on(picture, "focusout", () => hideTip());
on(picture, "focusin", (event) => {
  const element = part(event.target);
  if (element?.matches(":focus-visible")) tell(element);
});
on(picture, "click", (event) => {
  const element = part(event.target);
  if (element && !state.moved) press(element);
});

// --- search -------------------------------------------------------------------------------------

/** Mark what has the text in its name, operation or layer; Enter then goes from one to the next. */
function search(text) {
  const wanted = text.trim().toLowerCase(), { scene } = state;
  const has = (word) => word && word.toLowerCase().includes(wanted);
  const hits = nodes.map(({ label, name, op, symbol, scope, formula, kind }) =>
    wanted && [label, name, op, symbol, scope, formula, say(kind)].some(has));
  state.matches = [...new Set(scene.boxOf.filter((_, i) => hits[i]))];
  scene.boxes.forEach(({ element }, b) => {
    element.classList.toggle("found", state.matches.includes(b));
    element.classList.remove("chosen");
  });
  state.match = -1;
  at("matches").textContent = !wanted ? "" : state.matches.length
    ? say("matches", "–", state.matches.length) : say("no_match");
}

function nextMatch(by) {
  const { matches, scene } = state, count = matches.length;
  if (!count) return;
  state.match = state.match < 0 && by < 0 ? count - 1 : (state.match + by + count) % count;
  const box = scene.boxes[matches[state.match]];
  for (const other of scene.boxes) other.element.classList.toggle("chosen", other === box);
  reveal(box);
  at("matches").textContent = say("matches", state.match + 1, count);
  at("live").textContent = say("match", state.match + 1, count, box.title);
}
on(at("search"), "input", (event) => search(event.target.value));
on(at("search"), "keydown", ({ key, shiftKey, target }) => {
  if (key === "Enter") nextMatch(shiftKey ? -1 : 1);
  if (key !== "Escape") return;
  search(target.value = "");
  picture.querySelector('[tabindex="0"]')?.focus();
});

// --- theme, language, legend, help --------------------------------------------------------------

const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)");
const followSystem = () => { root.dataset.theme = system.matches ? "dark" : "light"; };
if (!root.dataset.theme) {
  followSystem();
  on(system, "change", followSystem);
}
const turnTheme = () => { root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"; };

function turnLanguage() {
  language = LANGUAGES[1 - LANGUAGES.indexOf(language)];
  show();
}

/** Of the legend only what this graph has. */
function legend() {
  const orders = nodes.map(({ order }) => order);
  at("legend-layer").hidden = !groups.length;
  at("legend-1").hidden = !orders.includes(1);
  at("legend-2").hidden = !orders.some((order) => order > 1);
  at("legend-flags").hidden = !nodes.some((_, i) => flagsOf(i).length);
}

// --- keys and buttons ---------------------------------------------------------------------------

const turnAround = () => {
  state.vertical = !state.laid.vertical;
  withLayers(() => {});
};
const help = () => at("keys").open ? at("keys").close() : at("keys").showModal();
const pressed = (act) => () => { play(false); act(); };
const BUTTONS = {
  first: pressed(() => go(0)), back: pressed(() => go(state.place - 1)), next: pressed(next),
  last: pressed(() => go(Infinity)), play: () => play(), fit: () => fit(), theme: turnTheme,
  "zoom-in": () => zoomBy(1.25), "zoom-out": () => zoomBy(0.8), turn: turnAround, help,
  "close-layers": closeLayers, "open-layers": openLayers, language: turnLanguage,
  "keys-close": () => at("keys").close(),
};
for (const [id, act] of Object.entries(BUTTONS)) on(at(id), "click", act);
on(at("slider"), "input", (event) => pressed(() => go(Number(event.target.value)))());

const KEYS = {
  ArrowRight: BUTTONS.next, ArrowLeft: BUTTONS.back, Home: BUTTONS.first, End: BUTTONS.last,
  " ": BUTTONS.play, "/": () => at("search").focus(), c: collapseKey, t: turnTheme, l: turnLanguage,
  "?": help, "+": BUTTONS["zoom-in"], "-": BUTTONS["zoom-out"], 0: () => fit(), d: turnAround,
};
on(document, "keydown", (event) => {
  const { target, key } = event;
  if (key === "Escape") hideTip(0);
  if (event.ctrlKey || event.metaKey || event.altKey || at("keys").open && key !== "?") return;
  if (target.matches('input[type="search"]')) return;
  if (target.matches('input[type="range"]') && /^(Arrow|Home|End)/.test(key)) return;
  const element = part(target);
  const enter = key === "Enter" || key === " ";
  if (element && enter && element.dataset.link === undefined) press(element);
  else if (target.closest("#graph-view") && key === "ArrowDown") walk(1);
  else if (target.closest("#graph-view") && key === "ArrowUp") walk(-1);
  else if (target.matches("button,summary,a") && enter) return;
  else if (Object.hasOwn(KEYS, key)) KEYS[key]();
  else return;
  event.preventDefault();
});

/** Everything, in the language at hand. */
function show() {
  sayAll();
  play(Boolean(playing));
  legend();
  for (const id of ["close-layers", "open-layers"]) at(id).hidden = !groups.length;
  withLayers(() => {}, { whole: !state.scene });
}

show();
on(window, "resize", () => {
  measureStage();
  fit(READABLE);
});
if (/^#\d+$/.test(location.hash)) go(Number(location.hash.slice(1)));
root.dataset.ready = performance.now().toFixed(0);
