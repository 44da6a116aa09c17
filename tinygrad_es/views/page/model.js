// The graph as data (views/data.py), and what can be told from it at each step.

const DATA = JSON.parse(at("graph").textContent);
const { nodes, edges, groups } = DATA;

const minus = (text) => text.replace(/-/g, "−");
const cut = (text, limit) => text.length <= limit ? text
  : [...text].slice(0, limit - 1).join("").trimEnd() + "…";
const oneLine = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, (c) =>
  /[\u200c\u200d]/.test(c) ? c : /\s/.test(c) ? " " : "");
const NAMES = ["label", "name", "title", "path", "formula", "plugged", "derivative", "line",
  "scope", "rule", "symbols", "numbers", "result"];
for (const part of [...nodes, ...groups, ...DATA.steps.flatMap(({ terms }) => terms)]) {
  for (const key of NAMES) if (part[key]) part[key] = cut(oneLine(part[key]), 400);
}
for (const node of nodes) node.label = cut(node.label, 40);

// Boxes, beyond which layers start closed.
const WIDE = 300;
const incoming = nodes.map(() => []), outgoing = nodes.map(() => []);
edges.forEach((edge, e) => {
  incoming[edge.target].push(e);
  outgoing[edge.source].push(e);
});
const known = (e) => edges[e].contribution !== null;

/** The steps of the data; of a graph too large for formulas, made of what there is. */
const steps = DATA.steps.length ? DATA.steps : nodes
  .map((node, i) => ({ node: i, terms: incoming[i].filter(known).map(termOf) }))
  .filter(({ node: i }) => nodes[i].op && nodes[i].gradient).reverse();
const stepOf = new Map(steps.map(({ node }, k) => [node, k]));
/** The edges over which gradients come to a node, in the order of the backward pass. */
const arriving = outgoing.map((list) =>
  list.filter(known).sort((a, b) => edges[b].target - edges[a].target || a - b));

/** How far each node is from the inputs, and from the results: the main chain is drawn straight. */
const depth = nodes.map(() => 0), height = nodes.map(() => 0);
edges.forEach(({ source, target }) => {
  depth[target] = Math.max(depth[target], depth[source] + 1);
});
[...edges].reverse().forEach(({ source, target }) => {
  height[source] = Math.max(height[source], height[target] + 1);
});

function termOf(e) {
  const { source, contribution } = edges[e];
  return { source, edge: e, rule: "", symbols: "", numbers: "", result: contribution.text };
}

// --- texts --------------------------------------------------------------------------------------

/** A number with four digits, as Python's `%.4g` has it: 0.1966, 1e−07, 12. */
function digits(value, count = 4) {
  if (typeof value === "string") return { nan: "NaN", inf: "∞", "-inf": "−∞" }[value] ?? value;
  if (!value) return "0";
  const [head, power] = value.toExponential(count - 1).split("e");
  const trim = (text) => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  if (power >= -4 && power < count) return minus(trim(value.toFixed(count - 1 - power)));
  const sign = power < 0 ? "−" : "+";
  return `${minus(trim(head))}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}

const isNumber = (array) => array !== null && array.shape === undefined;
const shapeOf = (array) => array.shape.length ? array.shape.join("×") : "()";
/** In few characters: a number, a small array, or a shape. */
function brief(array) {
  if (array === null) return "—";
  if (isNumber(array)) return minus(array.text);
  return array.text.startsWith("[") ? minus(array.text) : shapeOf(array);
}
const isZero = (array) => array !== null && (isNumber(array) ? array.values === 0
  : array.size > 0 && array.zeros === array.size);
const inBrackets = (text, k = 1) => k && text.startsWith("−") ? `(${text})` : text;

function titleOf(i) {
  const { label, formula, symbol, op, kind } = nodes[i];
  if (!op) return kind === "run" ? `${label} = …` : label;
  return `${label} = ${formula && formula.length <= 26 ? formula : symbol || op}`;
}
const nameOf = (i) => nodes[i].label;
const derivative = (i) => nodes[i].derivative || `∂${nameOf(DATA.root)}/∂${nameOf(i)}`;
const mark = (order) => "∂".repeat(order);

/** "vanishing", "dead", …; "nan" also where nobody has said so. */
function flagsOf(i) {
  const flags = [...nodes[i].flags || []];
  const bad = [nodes[i].value, nodes[i].gradient].some((a) => a !== null
    && (isNumber(a) ? typeof a.values === "string" : a.bad > 0));
  return bad && !flags.includes("nan") ? [...flags, "nan"] : flags;
}

// --- how far the backward pass is ---------------------------------------------------------------

/** Of what comes to node i: the edges that have come after `done` steps. */
const arrived = (i, done) => arriving[i].filter((e) => stepOf.get(edges[e].target) < done);
const isSeed = (i) => nodes[i].gradient !== null
  && (!arriving[i].length || nodes[i].kind === "output");
const complete = (i, done) => nodes[i].gradient !== null && done > 0
  && arrived(i, done).length === arriving[i].length;

/** The gradient of node i after `done` steps in words: `Σ 3 + (−1) = 2`, `Σ 3 + …`, `—`, "". */
function sumText(i, done) {
  const { gradient } = nodes[i], all = arriving[i], come = arrived(i, done);
  if (gradient === null) return "—";
  const seed = isSeed(i), count = all.length + (seed && all.length ? 1 : 0);
  if (done > 0 && come.length === all.length && count < 2) return brief(gradient);
  if (!come.length && !(seed && done > 0)) return "";
  const whole = come.length === all.length;
  const texts = all.map((e, k) => inBrackets(brief(edges[e].contribution), k));
  const numbers = isNumber(gradient) && count === all.length && texts.join(" + ").length <= 26;
  const parts = texts.slice(0, come.length).join(" + ");
  const so = come.length + count - all.length;
  if (!whole) return `Σ ${numbers ? `${parts} + …` : say("matches", so, count)}`;
  return `Σ ${numbers ? parts : say("terms", count)} = ${brief(gradient)}`;
}

// --- what is shown: boxes of nodes and of closed layers -----------------------------------------

/** The scene for a set of closed groups: boxes, frames, links, and the steps as boxes see them. */
function sceneOf(closed) {
  // for each group the outermost closed one around it, or itself
  const under = groups.map(() => null);
  groups.forEach(({ parent }, g) => {
    under[g] = parent !== null && under[parent] !== null ? under[parent]
      : closed.has(g) ? g : null;
  });
  const scene = { boxes: [], frames: [], links: [], steps: [], boxOf: [] };
  const ofGroup = new Map();
  nodes.forEach((node, i) => {
    const g = node.group === null ? null : under[node.group];
    if (g !== null && ofGroup.has(g)) {
      scene.boxOf[i] = ofGroup.get(g);
      return;
    }
    const home = g === null ? node.group ?? -1 : groups[g].parent ?? -1;
    scene.boxOf[i] = scene.boxes.push({ node: i, group: g, home, order: i }) - 1;
    if (g !== null) ofGroup.set(g, scene.boxOf[i]);
  });
  groups.forEach(({ parent, nodes: inside }, g) => {
    if (under[g] === null) scene.frames.push({ g, home: parent ?? -1, order: inside[0] });
  });
  for (const [g, b] of ofGroup) scene.boxes[b].node = outputOf(g);
  const merged = new Map();
  edges.forEach(({ source, target }, e) => {
    const [u, v] = [scene.boxOf[source], scene.boxOf[target]];
    if (u === v) return;
    const single = scene.boxes[u].group === null && scene.boxes[v].group === null;
    const key = single ? e : `${u} ${v}`;
    if (!merged.has(key)) merged.set(key, scene.links.push({ u, v, edges: [] }) - 1);
    scene.links[merged.get(key)].edges.push(e);
  });
  for (const link of scene.links) {
    link.back = link.edges.filter(known);
    link.deep = largest(link.edges.map((e) => depth[edges[e].source]));
    link.high = largest(link.edges.map((e) => height[edges[e].target]));
  }
  steps.forEach(({ node }, k) => {
    const box = scene.boxOf[node], last = scene.steps.at(-1);
    if (last && last.box === box) last.to = k; else scene.steps.push({ box, from: k, to: k });
  });
  return scene;
}

/** The node whose value a closed layer shows: the last that is used outside, or the result. */
function outputOf(g) {
  const inside = new Set(groups[g].nodes);
  const leaves = groups[g].nodes.filter((i) => nodes[i].op
    && (!outgoing[i].length || outgoing[i].some((e) => !inside.has(edges[e].target))));
  return leaves.at(-1) ?? groups[g].nodes.at(-1);
}
const weightsOf = (g) => groups[g].nodes.filter((i) => nodes[i].kind === "parameter");
const operationsOf = (g) => groups[g].nodes.filter((i) => nodes[i].op).length;

/** Groups to close at first: layer by layer from the inside, until few boxes are left. */
function closedAtFirst() {
  const closed = new Set();
  for (let depth = largest(groups.map((group) => group.depth), 0); depth > 0; depth--) {
    if (nodes.length <= WIDE || sceneOf(closed).boxes.length <= 60) break;
    groups.forEach((group, g) => { if (group.depth === depth) closed.add(g); });
  }
  return closed;
}
