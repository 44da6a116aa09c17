// The picture on the stage: drawn anew when layers open or close, brought up to date at each step,
// moved and scaled by wheel, drag, pinch and buttons.

const at = (id) => document.getElementById(id);
const stage = at("stage"), picture = at("graph-view");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const state = {
  closed: closedAtFirst(), place: 0, vertical: null, matches: [], match: -1, scene: null, laid: null,
  focused: null, zoom: { k: 1, x: 0, y: 0 },
};
const done = () => state.place > state.scene.steps.length ? Infinity
  : state.place ? state.scene.steps[state.place - 1].to + 1 : 0;

/** Lay out and draw what is open and closed now. */
function redraw() {
  const scene = state.scene = sceneOf(state.closed), labelled = scene.boxes.length <= LABELLED;
  for (const box of scene.boxes) {
    box.small = !labelled;
    measure(box);
  }
  for (const frame of scene.frames) {
    frame.least = widthOf(cut(oneLine(groups[frame.g].title), 40), "name") + 60;
  }
  const vertical = state.vertical ?? isTall(scene, labelled);
  for (const link of scene.links) measureLink(link, labelled, vertical);
  state.laid = placed(scene, vertical);
  state.tall = vertical;
  draw(scene, state.laid, vertical);
}

/** Whether the graph is larger on the stage when it runs from top to bottom. */
function isTall(scene, labelled) {
  if (scene.boxes.length > WIDE) return false;
  const [across, down] = [false, true].map((vertical) => {
    for (const link of scene.links) measureLink(link, labelled, vertical);
    const { w, h } = placed(scene, vertical);
    return Math.min(stage.clientWidth / w, stage.clientHeight / h, 1.2);
  });
  return down > 1.15 * across;
}

function draw(scene, laid, vertical) {
  const fill = (id, elements) => at(id).replaceChildren(...elements);
  const frames = laid.frames.map(drawFrame);
  fill("frames", frames.map(([rect]) => rect));
  fill("titles", frames.map(([, title]) => title));
  fill("links", scene.links.map((link, e) => drawLink(link, laid.links[e], vertical)));
  fill("boxes", scene.boxes.map((box, i) => {
    const [x, y] = laid.boxes[i];
    return drawBox(box, round(x - box.w / 2), round(y - box.h / 2));
  }));
  const keys = new Map(frames.map(([, title]) => [title, `frame ${title.dataset.group}`]));
  scene.boxes.forEach((box) => keys.set(box.element, keyOf(box)));
  for (const [element, key] of keys) element.dataset.key = key;
  scene.links.forEach((link, e) => { link.element.dataset.link = e; });
  scene.boxes.forEach((box, i) => { box.element.dataset.box = i; });
  const focus = [...keys].find(([, key]) => key === state.focused);
  (focus ? focus[0] : scene.boxes.at(-1)?.element)?.setAttribute("tabindex", 0);
}
const keyOf = (box) => box.group === null ? `node ${box.node}` : `group ${box.group}`;

// --- one step -----------------------------------------------------------------------------------

/** Bring rows, arrows and marks to the place of the walk. */
function refresh() {
  const { scene, place } = state, now = done();
  const step = place && place <= scene.steps.length ? scene.steps[place - 1] : null;
  document.body.classList.toggle("stepping", place <= scene.steps.length && steps.length > 0);
  scene.boxes.forEach((box, b) => {
    const active = step !== null && step.box === b;
    box.element.classList.toggle("active", active);
    box.element.querySelector(".now").textContent = active ? `◀ ${say("now")}` : "";
    for (const row of box.rows) {
      if (row.of === undefined) continue;
      const ready = now === Infinity || complete(row.of, now) || row.array === null;
      const text = ready ? row.text : sumText(row.of, now) || say("not_yet_short");
      if (row.element.textContent !== text) row.element.textContent = text;
      row.element.classList.toggle("pending", row.array === null || text === say("not_yet_short"));
      row.more.style.display = ready ? "" : "none";
    }
    label(box, now);
  });
  for (const link of scene.links) {
    const come = link.back.filter((e) => stepOf.get(edges[e].target) < now);
    const active = step !== null && link.v === step.box && come.length > 0;
    link.element.classList.toggle("active", active);
    if (link.way) link.way.style.display = come.length ? "" : "none";
    const [e] = link.edges, text = come.length ? link.backward : "—";
    link.element.setAttribute("aria-label",
      say("edge_label", nameOf(edges[e].source), nameOf(edges[e].target), text));
  }
}

/** What a screen reader says of a box: name, kind, value, gradient, warnings. */
function label(box, now) {
  const i = box.node, ready = now === Infinity || complete(i, now) || nodes[i].gradient === null;
  const kind = box.group === null ? say(nodes[i].kind) : say("layer");
  const gradient = ready ? said(nodes[i].gradient) : sumText(i, now) || say("not_yet");
  const text = say("node_label", cut(box.title, 80), kind, brief(nodes[i].value), gradient);
  const flags = box.flags.map((flag) => `, ${say(flag)}`).join("");
  box.element.setAttribute("aria-label", text + flags);
  if (box.group !== null) {
    box.element.dataset.act = "open";
    box.element.setAttribute("aria-expanded", "false");
  } else if (nodes[i].gradient !== null) box.element.dataset.act = "step";
}

// --- zoom ---------------------------------------------------------------------------------------

function zoomTo(k, x, y) {
  state.zoom = { k, x, y };
  at("view").setAttribute("transform", `translate(${round(x)} ${round(y)}) scale(${k})`);
}

/** All of it, never smaller than can be read nor larger than life and a half. */
function fit() {
  const { w, h } = state.laid, room = 26, top = 34;
  const [width, height] = [stage.clientWidth - 2 * room, stage.clientHeight - room - top];
  const k = Math.max(Math.min(width / w, height / h, 1.5), 0.55);
  const x = w * k <= width ? room + (width - w * k) / 2 : width + room - w * k;
  const y = h * k <= height ? top + (height - h * k) / 2 : state.tall ? height + top - h * k
    : Math.min(top, height / 2 + top - state.laid.boxes.at(-1)[1] * k);
  zoomTo(k, x, y);
}

function zoomBy(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  const { zoom } = state, k = Math.min(4, Math.max(0.05, zoom.k * factor)), f = k / zoom.k;
  zoomTo(k, x - (x - zoom.x) * f, y - (y - zoom.y) * f);
}

/** Move so that a box is on the stage. */
function reveal(box) {
  const { k, x, y } = state.zoom, [cx, cy] = state.laid.boxes[state.scene.boxes.indexOf(box)];
  const [left, top] = [x + (cx - box.w / 2) * k, y + (cy - box.h / 2) * k];
  const inside = left >= 4 && top >= 20 && left + box.w * k <= stage.clientWidth - 4
    && top + box.h * k <= stage.clientHeight - 4;
  if (!inside) zoomTo(k, stage.clientWidth / 2 - cx * k, stage.clientHeight / 2 - cy * k);
}

const fingers = new Map();
const spot = (event) => {
  const { left, top } = stage.getBoundingClientRect();
  return [event.clientX - left, event.clientY - top];
};
picture.addEventListener("wheel", (event) => {
  const { w, h } = state.laid, { k } = state.zoom;
  const [x, y] = spot(event);
  if (event.ctrlKey || event.metaKey) zoomBy(Math.exp(-event.deltaY / 300), x, y);
  else if (w * k > stage.clientWidth || h * k > stage.clientHeight) {
    zoomTo(k, state.zoom.x - event.deltaX, state.zoom.y - event.deltaY);
  } else return;
  event.preventDefault();
}, { passive: false });
picture.addEventListener("pointerdown", (event) => fingers.set(event.pointerId, spot(event)));
addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const now = spot(event), { k, x, y } = state.zoom;
  const others = [...fingers].filter(([id]) => id !== event.pointerId);
  if (others.length) {
    const [[, fixed]] = others, far = ([a, b]) => Math.hypot(a - fixed[0], b - fixed[1]) || 1;
    zoomBy(far(now) / far(before), ...fixed);
  } else {
    if (!state.moved && Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return;
    state.moved = true;
    picture.classList.add("held");
    zoomTo(k, x + now[0] - before[0], y + now[1] - before[1]);
  }
  fingers.set(event.pointerId, now);
});
for (const name of ["pointerup", "pointercancel"]) {
  addEventListener(name, (event) => {
    fingers.delete(event.pointerId);
    picture.classList.remove("held");
    setTimeout(() => { state.moved = false; });
  });
}
