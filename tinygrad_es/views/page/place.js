// Where everything goes: boxes inside frames (opened layers) inside frames. Each frame is laid
// out by itself, the innermost first, and is then one box of the frame around it. An arrow that
// crosses a frame does so at a gate: inside, a pinned end without size; outside, a fixed height.

// Room for the title of a frame, and at its other sides.
const FRAME = { head: 32, side: 14 };
const ROOT = -1;

/** `scene`: boxes {w, h, home}, frames {g, home, title width}, links {u, v, label, back}. */
function placed(scene, vertical) {
  const plan = planned(scene, vertical);
  const parts = new Map();
  for (const c of [...scene.frames.map(({ g }) => g).sort((a, b) => b - a), ROOT]) {
    parts.set(c, contained(plan, parts, c));
  }
  const found = { boxes: [], frames: [], links: [], w: 0, h: 0 };
  const origins = new Map([[ROOT, [0, 0]]]);
  const turn = ([a, c]) => vertical ? [c, a] : [a, c];
  for (const c of [ROOT, ...scene.frames.map(({ g }) => g).sort((a, b) => a - b)]) {
    const part = parts.get(c), [a0, c0] = origins.get(c);
    part.items.forEach((item, i) => {
      const [a, b] = [a0 + part.at[i][0], c0 + part.at[i][1]];
      if (item.box !== undefined) found.boxes[item.box] = turn([a, b]);
      if (item.frame !== undefined) {
        const inner = parts.get(item.frame);
        const corner = [a - inner.a / 2, b - inner.c / 2];
        origins.set(item.frame, [corner[0] + inner.padA, corner[1] + inner.padC]);
        const [x, y] = turn(corner), [w, h] = turn([inner.a, inner.c]);
        found.frames.push({ g: item.frame, x, y, w, h });
      }
    });
  }
  plan.ways.forEach((way, e) => found.links.push(joined(way, e, parts, origins, turn)));
  [found.w, found.h] = turn([parts.get(ROOT).a, parts.get(ROOT).c]);
  return found;
}

/** For each frame its boxes; for each link the frames that it passes, out and in again. */
function planned(scene, vertical) {
  const homes = new Map(scene.frames.map(({ g, home }) => [g, home]));
  const inside = new Map([ROOT, ...homes.keys()].map((c) => [c, []]));
  scene.boxes.forEach((box, i) => inside.get(box.home).push({ box: i, order: box.order }));
  for (const frame of scene.frames) {
    inside.get(frame.home).push({ frame: frame.g, order: frame.order });
  }
  for (const items of inside.values()) items.sort((a, b) => a.order - b.order);
  const chain = (c) => {
    const found = [c];
    while (c !== ROOT) found.push(c = homes.get(c));
    return found;
  };
  const ways = scene.links.map(({ u, v }) => {
    const up = chain(scene.boxes[u].home), down = chain(scene.boxes[v].home);
    const meet = up.find((c) => down.includes(c));
    return { up: up.slice(0, up.indexOf(meet)), meet, down: down.slice(0, down.indexOf(meet)) };
  });
  return { scene, vertical, inside, ways };
}

/** One frame laid out: its items, gates and labels, and its size with borders. */
function contained(plan, parts, c) {
  const { scene, vertical } = plan, items = [...plan.inside.get(c)];
  const size = (w, h) => vertical ? { a: h, c: w } : { a: w, c: h };
  const places = new Map(items.map((item, i) => [item.box ?? `frame ${item.frame}`, i]));
  const boxes = items.map(({ box, frame }) =>
    box === undefined ? parts.get(frame) : size(scene.boxes[box].w, scene.boxes[box].h));
  const links = [], legs = new Map(), gates = new Map();
  const add = (item, box) => boxes.push(box) && items.push(item) - 1;
  plan.ways.forEach(({ up, meet, down }, e) => {
    const { u, v, label, thick, deep, high } = scene.links[e];
    // the box or the frame inside c where the arrow ends
    const end = (box, frames) => {
      const k = frames.indexOf(c), inner = k < 0 ? frames.at(-1) : frames[k - 1];
      if (inner === undefined) return [places.get(box), null];
      return [places.get(`frame ${inner}`), parts.get(inner).gates.get(e)];
    };
    const gate = (pin) => {
      gates.set(e, add({}, { a: 0, c: thick, thin: true, pin, deep, high }));
      return gates.get(e);
    };
    const legsHere = [];
    const join = (from, du, to, dv) =>
      legsHere.push(links.push({ u: from, v: to, du, dv, thick }) - 1);
    if (up.includes(c)) join(...end(u, up), gate(1), null);
    else if (down.includes(c)) join(gate(-1), null, ...end(v, down));
    else if (meet === c) {
      const [from, du] = end(u, up), [to, dv] = end(v, down);
      if (label) {
        const middle = add({}, { ...size(label.w, label.h), thin: true });
        join(from, du, middle, 0);
        join(middle, 0, to, dv);
      } else join(from, du, to, dv);
    }
    if (legsHere.length) legs.set(e, legsHere);
  });
  const labelled = scene.links.some(({ label }) => label);
  const laid = layered(boxes, links, labelled ? 15 : 48);
  const frame = scene.frames.find(({ g }) => g === c);
  const head = c === ROOT ? 0 : FRAME.head, side = c === ROOT ? 0 : FRAME.side;
  const [padA, padC] = vertical ? [head, side] : [side, head];
  const part = { ...laid, items, legs, padA, padC };
  part.a += padA + side;
  part.c += padC + side;
  const wide = vertical ? "c" : "a", pad = vertical ? "padC" : "padA";
  if (frame && part[wide] < frame.least) {
    part[pad] += (frame.least - part[wide]) / 2;
    part[wide] = frame.least;
  }
  part.gates = new Map([...gates].map(([e, i]) => [e, laid.at[i][1] + part.padC - part.c / 2]));
  return part;
}

/** The route of one link through its frames: in two pieces where its label stands between. */
function joined({ up, meet, down }, e, parts, origins, turn) {
  const pieces = [[]];
  let at = null;
  for (const c of [...up, meet, ...[...down].reverse()]) {
    const part = parts.get(c), [a0, c0] = origins.get(c);
    const routes = part.legs.get(e).map((k) => part.routes[k].map(([a, b]) => [a + a0, b + c0]));
    if (c !== ROOT && up.includes(c)) {
      routes[0].push([a0 - part.padA + part.a, routes[0].at(-1)[1]]);
    } else if (c !== ROOT && down.includes(c)) {
      routes[0].unshift([a0 - part.padA, routes[0][0][1]]);
    }
    pieces.at(-1).push(...routes[0]);
    if (routes.length > 1) {
      const [a, b] = [routes[0].at(-1), routes[1][0]];
      at = turn([(a[0] + b[0]) / 2, a[1]]);
      pieces.push(routes[1]);
    }
  }
  const clean = (piece) => piece.filter(([a, b], i) =>
    !i || Math.abs(a - piece[i - 1][0]) > 0.01 || Math.abs(b - piece[i - 1][1]) > 0.01);
  return { pieces: pieces.map((piece) => clean(piece).map(turn)), at };
}
