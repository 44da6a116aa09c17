// The layered layout of views/layout.py: ranks, bends, barycentre sweeps, blocks, routes in the
// gaps between ranks. Here an arrow may also end at a fixed height of its box (`du`, `dv`: the
// gate of a frame), and a box may be pinned to the first rank (-1) or to the last one (1).
// *Along* is the direction of the ranks, *across* the other one. Nothing is recursive.

const BOX_GAP = 24, LINE_GAP = 12, PATIENCE = 6;
const sum = (list) => list.reduce((a, b) => a + b, 0);
const largest = (list, least = -Infinity) => list.reduce((a, b) => Math.max(a, b), least);

/** boxes: {a, c, thin, pin}; links: {u, v, du, dv, thick}; gives centres, routes and the size. */
function layered(boxes, links, gap) {
  if (!boxes.length) return { at: [], routes: [], a: 0, c: 0 };
  const graph = ranked(boxes, links);
  reduceCrossings(graph);
  const centre = coordinates(graph), columns = columnsOf(graph, boxes, centre, gap);
  // what has no input is near what uses it
  const at = boxes.map((box, i) => {
    const [left, right] = columns[graph.rank[i]], leaf = !graph.ins[i].length && !box.pin;
    return [leaf ? right - box.a / 2 : (left + right) / 2, centre[i]];
  });
  const lines = [], end = largest(centre.map((c, i) => c + graph.across[i] / 2));
  const height = linesOf(graph, centre, end, lines);
  spread(graph, links, lines, boxes, centre);
  const routes = links.map(({ u, v }, e) => {
    const back = graph.rank[u] > graph.rank[v], [first, last] = back ? [v, u] : [u, v];
    const start = at[first][0] + boxes[first].a / 2, end = at[last][0] - boxes[last].a / 2;
    const route = routed(lines[e], columns, start, end);
    return back ? route.reverse() : route;
  });
  return { at, routes, a: columns.at(-1)[1], c: height };
}

// --- ranks --------------------------------------------------------------------------------------

function ranked(boxes, links) {
  const count = boxes.length, turn = [];
  topological(count, links).forEach((v, i) => { turn[v] = i; });
  const forward = links.map((link) => turn[link.u] < turn[link.v] ? link
    : { u: link.v, v: link.u, du: link.dv, dv: link.du, thick: link.thick });
  const { rank, deep, high } = ranks(boxes, forward);
  const across = boxes.map((box) => box.c), thin = boxes.map((box) => Boolean(box.thin));
  const ins = boxes.map(() => []), outs = boxes.map(() => []);
  const spans = forward.map(({ u, v }) => Math.max(rank[v] - rank[u] - 1, 0));
  let budget = Math.min(1000 + 4 * count, 60000);
  if (sum(spans) > budget) {
    for (const e of spans.map((_, e) => e).sort((a, b) => spans[a] - spans[b] || a - b)) {
      budget -= spans[e];
      if (budget < 0) spans[e] = 0;
    }
  }
  const paths = forward.map(({ u, v, du, dv, thick }, e) => {
    const path = [u];
    for (let k = 0; k < spans[e]; k++) {
      path.push(rank.length);
      rank.push(rank[u] + 1 + k);
      deep.push(deep[u]);
      high.push(high[v]);
      across.push(thick || 0);
      thin.push(true);
      ins.push([]);
      outs.push([]);
    }
    path.push(v);
    for (let k = 1; k < path.length; k++) {
      const [a, b] = [path[k - 1], path[k]];
      if (rank[b] !== rank[a] + 1) continue;
      const out = k === 1 ? du || 0 : 0, into = k === path.length - 1 ? dv || 0 : 0;
      outs[a].push({ to: b, own: out, other: into });
      ins[b].push({ to: a, own: into, other: out });
    }
    return path;
  });
  const graph = { real: count, rank, deep, high, across, thin, ins, outs, paths, place: [] };
  graph.layers = firstOrder(graph);
  number(graph);
  return graph;
}

/** Every node after those that point to it; a cycle is opened at its lowest index. */
function topological(count, links) {
  const waiting = new Array(count).fill(0), next = Array.from({ length: count }, () => []);
  for (const { u, v } of links) {
    waiting[v] += 1;
    next[u].push(v);
  }
  const order = [], queued = waiting.map((n) => !n);
  queued.forEach((free, v) => { if (free) order.push(v); });
  for (let head = 0, lowest = 0; head < count; head++) {
    if (head === order.length) {
      lowest = queued.indexOf(false, lowest);
      queued[lowest] = true;
      order.push(lowest);
    }
    for (const v of next[order[head]]) {
      waiting[v] -= 1;
      if (!waiting[v] && !queued[v]) queued[v] = Boolean(order.push(v));
    }
  }
  return order;
}

/** Longest paths; then what has slack moves next to its consumers, pinned boxes to their end. */
function ranks(boxes, links) {
  const count = boxes.length, order = topological(count, links);
  const preds = boxes.map(() => []), succs = boxes.map(() => []);
  for (const { u, v } of links) {
    preds[v].push(u);
    succs[u].push(v);
  }
  const depth = new Array(count).fill(0), deep = [], high = [], alone = [];
  for (const v of order) depth[v] = largest(preds[v].map((u) => depth[u] + 1), 0);
  for (const v of [...order].reverse()) {
    high[v] = largest(succs[v].map((w) => high[w] + 1), boxes[v].high || 0);
  }
  for (const v of order) {
    deep[v] = largest(preds[v].map((u) => deep[u] + 1), boxes[v].deep || 0);
    alone[v] = boxes[v].pin !== -1 && succs[v].length === 1 && preds[v].every((u) => alone[u]);
  }
  const rank = [...depth];
  for (const v of [...order].reverse()) {
    const held = preds[v].filter((u) => !alone[u]).length;
    if (boxes[v].pin !== -1 && succs[v].length >= Math.max(1, held)) {
      rank[v] = -largest(succs[v].map((w) => -rank[w])) - 1;
    }
  }
  const last = largest(rank);
  boxes.forEach((box, v) => { if (box.pin === 1) rank[v] = last; });
  return { rank, deep, high };
}

// --- order inside the ranks ---------------------------------------------------------------------

/** The nodes of each rank, back from the sinks, first operand first: x above y in `x + y`. */
function firstOrder({ rank, ins, outs }) {
  const layers = Array.from({ length: largest(rank) + 1 }, () => []), seen = [], stack = [];
  for (let v = rank.length - 1; v >= 0; v--) if (!outs[v].length) stack.push(v);
  while (stack.length) {
    const v = stack.pop();
    if (seen[v]) continue;
    seen[v] = true;
    layers[rank[v]].push(v);
    for (let k = ins[v].length - 1; k >= 0; k--) stack.push(ins[v][k].to);
  }
  return layers;
}

function number({ layers, place }) {
  for (const layer of layers) layer.forEach((v, i) => { place[v] = i; });
}

/** Where a line ends: the place of the node, and how high on it. */
const endOf = (graph, v, offset) =>
  graph.place[v] + (offset && graph.across[v] ? offset / graph.across[v] : 0);

/** Barycentre sweeps, until PATIENCE in a row are not better; the best order is kept. */
function reduceCrossings(graph) {
  const copy = () => graph.layers.map((layer) => [...layer]);
  let best = crossings(graph), kept = copy();
  const turns = Math.max(4, Math.min(24, Math.floor(20000 / graph.rank.length)));
  for (let turn = 0, since = 0; turn < turns && since < PATIENCE && best; turn++, since++) {
    const near = turn % 2 ? graph.ins : graph.outs;
    for (const layer of turn % 2 ? graph.layers : [...graph.layers].reverse()) {
      if (layer.length > 1) sortLayer(graph, layer, near, turn % 4 > 1);
    }
    const found = crossings(graph, best);
    if (found < best) [best, kept, since] = [found, copy(), 0];
  }
  graph.layers = kept;
  number(graph);
}

/** Pairs of lines that cross: inversions among the ends, counted by insertion, up to a limit. */
function crossings(graph, limit = Infinity) {
  let total = 0;
  for (const layer of graph.layers) {
    if (total >= limit) break;
    const lines = [], seen = [];
    for (const u of layer) {
      for (const { to, own, other } of graph.outs[u]) {
        lines.push([endOf(graph, u, own), endOf(graph, to, other)]);
      }
    }
    lines.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const [, end] of lines) {
      const i = bisect(seen, end);
      total += seen.length - i;
      seen.splice(i, 0, end);
    }
  }
  return total;
}

function bisect(list, value) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value < list[middle]) high = middle; else low = middle + 1;
  }
  return low;
}

/** Sort by the mean place of neighbours; a node without any stays behind the one before. */
function sortLayer(graph, layer, near, swap) {
  const keys = [];
  let mean = -1;
  for (const v of layer) {
    if (near[v].length) {
      mean = sum(near[v].map(({ to, other }) => endOf(graph, to, other))) / near[v].length;
    }
    keys[v] = mean;
  }
  if (swap) layer.reverse();
  layer.sort((a, b) => keys[a] - keys[b]);
  layer.forEach((v, i) => { graph.place[v] = i; });
}

// --- coordinates --------------------------------------------------------------------------------

/** The block of every node (its members lie on one straight line), and its place in the block. */
function blocks(graph) {
  const before = favourites(graph.ins, graph.deep), after = favourites(graph.outs, graph.high);
  const block = [], shift = [];
  let count = 0;
  for (const layer of graph.layers) {
    const pairs = [];
    for (const v of layer) {
      const up = before[v];
      if (up && after[up.to] && after[up.to].to === v) {
        const real = Math.min(up.to, v) < graph.real ? 1 : 0;
        pairs.push([real, graph.place[up.to], graph.place[v], v, up]);
      }
    }
    const joined = uncrossed(pairs);
    for (const v of layer) {
      const up = joined.get(v);
      block[v] = up ? block[up.to] : count++;
      shift[v] = up ? shift[up.to] + up.other - up.own : 0;
    }
  }
  return { block, shift, count };
}

/** For every node the neighbour on its longest path; none where two are equally long. */
function favourites(near, length) {
  return near.map((ends) => {
    const longest = largest(ends.map(({ to }) => length[to]), 0);
    const winners = ends.filter(({ to }) => length[to] === longest);
    return new Set(winners.map(({ to }) => to)).size === 1 ? winners[0] : null;
  });
}

/** The pairs that can all be straight: bends first, then from the top. */
function uncrossed(pairs) {
  const kept = [], joined = new Map();
  pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  for (const [, start, end, v, up] of pairs) {
    if (kept.every(([s, e]) => s < start === e < end)) {
      kept.push([start, end]);
      joined.set(v, up);
    }
  }
  return joined;
}

/** The coordinate of every node; no two of a rank closer than their sizes allow. */
function coordinates(graph) {
  const { block, shift, count } = blocks(graph), { across, thin } = graph;
  const [above, below, ends] = [0, 0, 0].map(() => Array.from({ length: count }, () => []));
  for (const layer of graph.layers) {
    for (let k = 1; k < layer.length; k++) {
      const a = layer[k - 1], b = layer[k];
      const small = (thin[a] ? 1 : 0) + (thin[b] ? 1 : 0);
      const room = (across[a] + across[b] - (BOX_GAP - LINE_GAP) * small) / 2 + BOX_GAP;
      const least = room + shift[a] - shift[b];
      above[block[b]].push([block[a], least]);
      below[block[a]].push([block[b], least]);
    }
  }
  graph.outs.forEach((outs, u) => {
    for (const { to: v, own, other } of outs) {
      if (block[u] === block[v]) continue;
      const delta = shift[v] + other - shift[u] - own;
      ends[block[u]].push([block[v], delta]);
      ends[block[v]].push([block[u], -delta]);
    }
  });
  const at = settle(above, below, ends);
  const low = -largest(block.map((b, v) => across[v] / 2 - at[b] - shift[v]));
  return block.map((b, v) => at[b] + shift[v] - low);
}

/** Draw heavy blocks towards each other, then put those that hang by one arrow beside them. */
function settle(above, below, ends) {
  const pairs = above.flatMap((row, b) => row.map(([a]) => ({ u: a, v: b })));
  const order = topological(above.length, pairs), back = [...order].reverse();
  const heavy = ends.map((row) => row.length > 1), free = order.map(() => Infinity);
  const pulls = ends.map((row, b) => heavy[b] ? row.filter(([other]) => heavy[other]) : []);
  const pushed = (want) => [
    push(order, above, want.map((w, b) => heavy[b] ? w : -Infinity), free),
    push(back, below, want.map((w, b) => heavy[b] ? -w : -Infinity), free),
  ];
  let at = order.map(() => 0);
  for (let turn = 0; turn < 9; turn++) {
    const want = [...at];
    for (let k = 0; k < at.length; k++) {
      const b = turn % 2 ? k : at.length - 1 - k;
      if (!pulls[b].length) continue;
      want[b] = sum(pulls[b].map(([other, d]) => want[other] + d)) / pulls[b].length;
    }
    const [low, high] = pushed(want);
    at = low.map((a, b) => heavy[b] ? (a - high[b]) / 2 : 0);
  }
  const [least, most] = pushed(at);
  const want = ends.map((row, b) => row.length === 1 ? at[row[0][0]] + row[0][1] : at[b]);
  const low = push(order, above, [...want], most.map((limit) => -limit));
  const high = push(back, below, want.map((w) => -w), least.map((limit) => -limit));
  return low.map((a, b) => (a - high[b]) / 2);
}

/** Each block where it wants to be, or as much further as those before it make it go. */
function push(order, near, at, most) {
  for (const b of order) {
    for (const [a, least] of near[b]) at[b] = Math.max(at[b], at[a] + least);
    at[b] = Math.min(at[b], most[b]);
  }
  return at;
}

// --- routes -------------------------------------------------------------------------------------

/** Where each rank begins and ends; the gap after it grows with its steepest line. */
function columnsOf(graph, boxes, centre, gap) {
  const sizes = graph.layers.map(() => 0), rises = graph.layers.map(() => 0), columns = [];
  boxes.forEach((box, i) => { sizes[graph.rank[i]] = Math.max(sizes[graph.rank[i]], box.a); });
  graph.outs.forEach((outs, u) => {
    for (const { to, own, other } of outs) {
      const rise = Math.abs(centre[u] + own - centre[to] - other), r = graph.rank[u];
      rises[r] = Math.max(rises[r], rise);
    }
  });
  let left = 0;
  sizes.forEach((size, r) => {
    columns.push([left, left + size]);
    left += size + gap + Math.min(rises[r] / 8, 36);
  });
  return columns;
}

/** Each arrow as (rank, coordinate) pairs, and the height that the drawing needs for them. */
function linesOf(graph, centre, height, lines) {
  const lanes = new Map();
  graph.paths.forEach((path) => {
    const u = path[0], v = path.at(-1);
    const line = path.map((b) => [graph.rank[b], centre[b]]);
    // outside of all boxes, a lane per source
    if (path.length === 2 && graph.rank[v] > graph.rank[u] + 1) {
      if (!lanes.has(u)) lanes.set(u, height + LINE_GAP * (lanes.size + 1));
      line.splice(1, 0, [graph.rank[u] + 1, lanes.get(u)], [graph.rank[v] - 1, lanes.get(u)]);
    }
    lines.push(line);
  });
  return height + LINE_GAP * lanes.size;
}

/** Spread the ends of lines along the border of their box, the straight one in the middle. */
function spread(graph, links, lines, boxes, centre) {
  const fans = new Map();
  graph.paths.forEach((path, e) => {
    const { u, du, dv } = links[e], line = lines[e], ends = path[0] === u ? [du, dv] : [dv, du];
    const away = [0, 1].map((k) => line.at(k ? -2 : 1)[1] + (!line[2] && ends[1 - k] || 0));
    for (const k of [0, 1]) {
      const v = path.at(-k), end = line.at(-k);
      if (ends[k] !== null) end[1] = centre[v] + ends[k];
      else {
        const key = 2 * v + k;
        fans.set(key, [...fans.get(key) ?? [], { v, end, away: away[k] }]);
      }
    }
  });
  for (const fan of fans.values()) {
    const [{ v }] = fan;
    fan.sort((a, b) => a.away - b.away);
    const straight = fan.flatMap(({ away }, i) => Math.abs(away - centre[v]) < 0.01 ? [i] : []);
    const middle = straight.length ? sum(straight) / straight.length : (fan.length - 1) / 2;
    const most = Math.max(middle, fan.length - 1 - middle, 1);
    const step = Math.min(2 * LINE_GAP, 0.45 * (boxes[v].c - 10) / most);
    fan.forEach(({ end }, i) => { end[1] = centre[v] + (i - middle) * step; });
  }
}

/** Level inside the ranks, from one coordinate to the next in the gaps between them. */
function routed(line, columns, left, right) {
  const route = [[left, line[0][1]]];
  for (let k = 1; k < line.length; k++) {
    const [[r, c], [s, d]] = [line[k - 1], line[k]];
    if (c !== d) route.push([columns[r][1], c], [columns[s][0], d]);
  }
  route.push([right, line.at(-1)[1]]);
  return route;
}
