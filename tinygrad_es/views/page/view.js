// The picture on the stage: drawn anew when layers open or close, brought up to date at each step,
// moved and scaled by wheel, drag, pinch and buttons.

const stage = at("stage"), picture = at("graph-view");
// the size of the stage: to ask the browser for it while elements change costs a layout each time
let room = [0, 0];
const measureStage = () => { room = [stage.clientWidth, stage.clientHeight]; };
new ResizeObserver(measureStage).observe(stage);
const state = {
  closed: closedAtFirst(), place: Infinity, vertical: null, matches: [], match: -1,
  scene: null, laid: null, focused: null, zoom: { k: 1, x: 0, y: 0 },
};
const done = () => state.place > state.scene.steps.length ? Infinity
  : state.place ? state.scene.steps[state.place - 1].to + 1 : 0;

/** Lay out and draw what is open and closed now. */
function redraw() {
  const scene = state.scene = sceneOf(state.closed), count = scene.boxes.length;
  for (const box of scene.boxes) {
    box.small = count > DETAILED;
    measure(box);
  }
  for (const frame of scene.frames) {
    frame.least = widthOf(cut(groups[frame.g].title, 40), "name") + 60;
  }
  measureStage();
  const [width, height] = room;
  const ways = count > WIDE ? [false] : [false, true];
  const plans = (state.vertical !== null ? [state.vertical] : ways).map((vertical) => {
    for (const link of scene.links) measureLink(link, count <= LABELLED, vertical);
    const plan = placed(scene, vertical);
    return { ...plan, vertical, scale: Math.min(width / plan.w, height / plan.h, 1.2) };
  });
  state.laid = plans.length > 1 && plans[1].scale > 1.15 * plans[0].scale ? plans[1] : plans[0];
  draw(scene, state.laid);
}

function draw(scene, laid) {
  const fill = (id, elements) => at(id).replaceChildren(...elements);
  const frames = laid.frames.map(drawFrame);
  picture.setAttribute("width", Math.ceil(laid.w));
  picture.setAttribute("height", Math.ceil(laid.h));
  fill("frames", frames.map(([rect]) => rect));
  fill("titles", frames.flatMap(([, ...title]) => title));
  fill("links", scene.links.map((link, e) => {
    drawLink(link, laid.links[e], laid.vertical).dataset.link = e;
    return link.element;
  }));
  fill("boxes", scene.boxes.map((box, i) => {
    const element = drawBox(box, laid.boxes[i]);
    box.card.dataset.box = i;
    return element;
  }));
  (picture.querySelector(`[data-key="${state.focused}"]`) ?? scene.boxes.at(-1).card)
    .setAttribute("tabindex", 0);
}

// --- one step -----------------------------------------------------------------------------------

/** Bring rows, arrows and marks to the place of the walk. */
function refresh() {
  const { scene, place } = state, now = done();
  const step = place && place <= scene.steps.length ? scene.steps[place - 1] : null;
  scene.boxes.forEach((box, b) => {
    const active = step !== null && step.box === b;
    if (box.active !== active) box.element.classList.toggle("active", box.active = active);
    refreshBox(box, now);
  });
  for (const link of scene.links) {
    const come = link.back.filter((e) => stepOf.get(edges[e].target) < now).length;
    const active = step !== null && link.v === step.box && come > 0;
    if (link.active !== active) link.element.classList.toggle("active", link.active = active);
    if (link.come === come) continue;
    link.come = come;
    if (link.way) link.way.style.visibility = come ? "" : "hidden";
    const { source, target } = edges[link.edges[0]];
    link.element.setAttribute("aria-label",
      say("edge_label", nameOf(source), nameOf(target), come ? link.backward : "—"));
  }
}

/** The rows of a box, and what a screen reader says of it, where they have changed. */
function refreshBox(box, now) {
  const i = box.node, all = now === Infinity;
  if (box.filled) box.now.textContent = box.active ? `◀ ${say("now")}` : "";
  const told = [...box.rows.map(({ of }) => of ?? i), i].map((n) => all || arrived(n, now).length);
  const key = `${told} ${all || now > 0} ${box.filled}`;
  if (box.told === key) return;
  box.told = key;
  for (const row of box.filled ? box.rows : []) {
    if (row.of === undefined) continue;
    const ready = all || complete(row.of, now) || row.array === null;
    const text = ready ? row.text : sumText(row.of, now) || "…";
    row.element.textContent = text;
    row.element.classList.toggle("pending", row.array === null || text === "…");
    row.more.style.visibility = ready ? "" : "hidden";
  }
  const ready = all || complete(i, now) || nodes[i].gradient === null;
  const text = say("node_label", cut(box.title, 80), say(box.kind), brief(nodes[i].value),
    ready ? said(nodes[i].gradient) : sumText(i, now) || say("not_yet"));
  box.card.setAttribute("aria-label", [text, ...box.flags.map((flag) => say(flag))].join(", "));
}

/** Draw what is in the boxes that are in view, or near: a large graph has many that are not. */
function fillView() {
  const { boxes } = state.scene;
  for (const box of boxes) {
    if (box.filled || (boxes.length > DETAILED && !isNear(box, 400))) continue;
    fillBox(box);
    refreshBox(box, done());
  }
}

/** Whether a box is on the stage, or so near to it. */
function isNear({ x, y, w, h }, far) {
  const { zoom } = state;
  return room.every((space, axis) => {
    const start = axis ? zoom.y + y * zoom.k : zoom.x + x * zoom.k, long = zoom.k * (axis ? h : w);
    return far < 0 ? start >= -far && start + long <= space + far
      : start + long > -far && start < space + far;
  });
}

// --- zoom ---------------------------------------------------------------------------------------

function zoomTo(k, x, y) {
  state.zoom = { k, x, y };
  picture.style.transform = `translate(${round(x)}px, ${round(y)}px) scale(${k})`;
  fillView();
}

/** All of it; at first never smaller than can be read, and then what is around the result. */
function fit(least = 0.05) {
  const { w, h, boxes } = state.laid, [cx, cy] = boxes.at(-1), [width, height] = room;
  const k = Math.max(Math.min((width - 52) / w, (height - 60) / h, 1.5), least);
  const place = (whole, space, middle) => whole <= space ? (space - whole) / 2
    : Math.min(0, Math.max(space - whole, space / 2 - middle));
  zoomTo(k, 26 + place(w * k, width - 52, cx * k), 34 + place(h * k, height - 60, cy * k));
}

function zoomBy(factor, x = room[0] / 2, y = room[1] / 2) {
  const { zoom } = state, k = Math.min(4, Math.max(0.05, zoom.k * factor)), f = k / zoom.k;
  zoomTo(k, x - (x - zoom.x) * f, y - (y - zoom.y) * f);
}

/** Move so that a box is on the stage. */
function reveal(box) {
  const { k } = state.zoom, [width, height] = room;
  if (isNear(box, -4)) return;
  zoomTo(k, width / 2 - (box.x + box.w / 2) * k, height / 2 - (box.y + box.h / 2) * k);
}

const fingers = new Map();
const spot = ({ clientX, clientY }) => {
  const { left, top } = stage.getBoundingClientRect();
  return [clientX - left, clientY - top];
};
on(stage, "wheel", (event) => {
  const { w, h } = state.laid, { k, x, y } = state.zoom, [width, height] = room;
  if (event.ctrlKey || event.metaKey) zoomBy(Math.exp(-event.deltaY / 300), ...spot(event));
  else if (w * k > width || h * k > height) zoomTo(k, x - event.deltaX, y - event.deltaY);
  else return;
  event.preventDefault();
}, { passive: false });
on(stage, "pointerdown", (event) => fingers.set(event.pointerId, spot(event)));
on(window, "pointermove", (event) => {
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
    stage.classList.add("held");
    zoomTo(k, x + now[0] - before[0], y + now[1] - before[1]);
  }
  fingers.set(event.pointerId, now);
});
for (const name of ["pointerup", "pointercancel"]) {
  on(window, name, (event) => {
    fingers.delete(event.pointerId);
    stage.classList.remove("held");
    setTimeout(() => { state.moved = false; });
  });
}
