// The picture: boxes, frames and arrows as SVG elements. Text only ever becomes text nodes.

const SVG = "http://www.w3.org/2000/svg";
const PAD = 11, HEADER = 27, ROW = 18, TALL = 34, HEAT = 26, TIP = 7;
// Boxes, up to which there are heat maps in them and labels at arrows.
const DETAILED = 150, LABELLED = 250;

function withAttributes(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(key, value);
  }
  return element;
}

/** An element: attributes, then children (texts or elements). */
function make(name, attributes = {}, ...children) {
  const svg = /^(svg|g|path|rect|text|circle|line|desc)$/.test(name);
  const element = svg ? document.createElementNS(SVG, name) : document.createElement(name);
  withAttributes(element, attributes).append(...children.filter((child) => child !== null));
  return element;
}

const text = (name, x, y, content) =>
  make("text", { class: name, x: round(x), y: round(y) }, content);
const rect = (name, x, y, width, height, rx = 0) =>
  make("rect", { class: name, x, y, width, height, rx });
const path = (name, d, more = {}) => make("path", { class: name, d, ...more });
const css = getComputedStyle(document.documentElement), widths = {}, pens = {};
for (const [style, font] of Object.entries({
  name: "600 14px --sans", label: "11px --sans", text: "12px --mono", sub: "10px --mono",
})) {
  widths[style] = {};
  pens[style] = document.createElement("canvas").getContext("2d");
  pens[style].font = font.replace(/--\w+/, (name) => css.getPropertyValue(name));
}
/** The width of a text: the sum of its characters, each measured once. */
function widthOf(text, style) {
  const known = widths[style];
  let width = 0;
  for (const char of text) width += known[char] ??= pens[style].measureText(char).width;
  return width;
}
const round = (x) => Math.round(x * 10) / 10;

// --- heat maps ----------------------------------------------------------------------------------

/** A heat map of `width`×`height` at most: one path per shade. Negative cells may have a sign. */
function heatMap(heat, x, y, width, height, signs = false) {
  const rows = heat.length, columns = heat[0].length;
  const cell = Math.min(width / columns, height / rows, width / 3);
  const group = make("g", { class: "heat", "aria-hidden": "true" });
  const w = round(columns * cell), h = round(rows * cell), size = round(cell);
  group.append(rect("paper", round(x), round(y), w, h));
  const shades = new Map();
  let minuses = "";
  heat.forEach((row, r) => row.forEach((v, c) => {
    const [left, top] = [round(x + c * cell), round(y + r * cell)];
    const key = typeof v === "string" ? "bad 10" : `${v < 0 ? "less" : "more"} ${shade(v)}`;
    shades.set(key, `${shades.get(key) ?? ""}M${left} ${top}h${size}v${size}h-${size}z`);
    if (v < 0) minuses += `M${round(left + cell * 0.3)} ${round(top + cell / 2)}h${size * 0.4}`;
  }));
  for (const [key, d] of shades) {
    const [name, level] = key.split(" ");
    if (level !== "0") group.append(path(name, d, { "fill-opacity": level / 10 }));
  }
  if (signs && cell >= 9) group.append(path("signs", minuses));
  group.append(rect("rim", round(x), round(y), w, h));
  return { group, w, h };
}
const shade = (v) => v === 0 ? 0 : Math.max(1, Math.round(Math.abs(v) * 10));

// --- boxes --------------------------------------------------------------------------------------

/** What stands in the rows of a box: {key, label, array, text, sub, kind}. */
function rowsOf(box) {
  const { node: i, group } = box, node = nodes[i], rows = [];
  const row = (kind, label, array, words) => {
    const sub = array && array.heat && array.heat.length && !array.text.startsWith("[")
      ? `${digits(array.min, 3)} … ${digits(array.max, 3)}` : "";
    const heat = box.small || !sub ? null : array.heat;
    rows.push({ kind, label, array, text: words, sub, heat });
  };
  if (!(node.kind === "constant" && isNumber(node.value)) && node.kind !== "run") {
    row("value", say("value"), node.value, brief(node.value));
  }
  if (node.kind !== "constant" || node.gradient) {
    row("grad", say("grad"), node.gradient, sumText(i, Infinity));
    rows.at(-1).of = i;
  }
  if (group === null) return rows;
  const weights = weightsOf(group);
  for (const w of weights.slice(0, weights.length > 4 ? 3 : 4)) {
    const name = `∂${cut(nameOf(w).split(".").at(-1), 12)}`;
    row("grad", name, nodes[w].gradient, sumText(w, Infinity));
    rows.at(-1).of = w;
  }
  return rows;
}

/** How many operations a closed layer has; it shows four of its weights at most. */
function noteOf({ group }) {
  const more = weightsOf(group).length - 3;
  return countText(operationsOf(group)) + (more > 1 ? ` · ${say("more", `${more} ∂`)}` : "");
}
const countText = (count) => count === 1 ? say("operation_1") : say("operations", count);

const flagsIn = (box) => box.group === null ? flagsOf(box.node)
  : [...new Set(groups[box.group].nodes.flatMap(flagsOf))];
const orderClass = ({ order }) => order ? ` order${Math.min(order, 2)}` : "";
const boxTitle = (box) => box.group === null ? titleOf(box.node) : groups[box.group].title;

/** Sizes, titles, rows: everything about a box that does not depend on the step. */
function measure(box) {
  box.title = cut(boxTitle(box), 44);
  box.sign = box.group === null ? mark(nodes[box.node].order) : "▸";
  box.rows = rowsOf(box);
  box.note = box.group === null ? "" : noteOf(box);
  box.flags = flagsIn(box);
  let width = widthOf(box.title, "name") + (box.sign ? 36 : 0);
  let height = box.rows.length ? HEADER + 7 : HEADER;
  for (const row of box.rows) {
    const zero = row.kind === "grad" && isZero(row.array) && !row.text.startsWith("Σ");
    if (zero) row.text = isNumber(row.array) ? say("zero") : `${shapeOf(row.array)} ${say("zero")}`;
    row.text = cut(row.text, 34);
    const first = widthOf(row.label, "label") + 10 + widthOf(row.text, "text");
    width = Math.max(width, Math.max(first, widthOf(row.sub, "sub")) + (row.heat ? HEAT + 8 : 0));
    row.high = row.sub ? TALL : ROW;
    height += row.high;
  }
  const flags = box.flags.length ? flagText(box) : "";
  width = Math.max(width, widthOf(box.note, "label"), flags ? widthOf(flags, "label") + 14 : 0);
  box.w = Math.max(box.rows.length ? 84 : 44, Math.round(width + 2 * PAD));
  box.h = height + (box.note ? 16 : 0) + (flags ? 20 : 0);
}
const flagText = (box) => `⚠ ${box.flags.map((flag) => say(flag)).join(", ")}`;

/** The outline of a box; what is in it is drawn when it comes into view. */
function drawBox(box, [x, y]) {
  const { node: i, group, w, h } = box, layer = group !== null;
  const kind = box.kind = layer ? "layer" : nodes[i].kind;
  box.rx = kind === "input" ? Math.min(13, h / 2) : 6;
  [box.x, box.y] = [round(x - w / 2), round(y - h / 2)];
  box.element = make("g", {
    class: `box ${kind}${orderClass(layer ? groups[group] : nodes[i])}`,
    transform: `translate(${box.x} ${box.y})`,
  });
  if (layer) box.element.append(frameRect(box, "under", 0, 4));
  box.card = withAttributes(frameRect(box, "card", 0), {
    tabindex: -1, role: "button", "aria-expanded": layer && "false",
    "data-key": layer ? `group ${group}` : `node ${i}`,
    "data-act": (layer || nodes[i].gradient !== null) && "",
  });
  box.inner = make("g", { class: "inner", "aria-hidden": "true" });
  box.element.append(box.card, frameRect(box, "halo", 5), box.inner);
  return box.element;
}

/** A rectangle around a box, `by` wider at each side, moved by `move`. */
function frameRect({ w, h, rx }, name, by, move = -by) {
  return rect(name, move, move, w + 2 * by, h + 2 * by, rx + by);
}

function fillBox(box) {
  const { w, h, rx, inner: g } = box, low = box.rows.length ? HEADER : h;
  box.filled = true;
  g.append(low === h ? frameRect(box, "head", 0) : path("head", `M0 ${low}V${rx}`
    + `a${rx} ${rx} 0 0 1 ${rx} -${rx}H${w - rx}a${rx} ${rx} 0 0 1 ${rx} ${rx}V${low}z`));
  g.append(frameRect(box, "edge", 0));
  if (box.kind === "parameter") g.append(rect("bar", 0, 6, 4, h - 12));
  if (box.kind === "output") g.append(frameRect(box, "edge", -3));
  if (box.sign) g.append(text("sign", PAD, 18.5, box.sign));
  g.append(text("name", w / 2, 18.5, box.title));
  drawRows(box, g);
  box.now = g.appendChild(text("now", 3, -8, ""));
}

function drawRows(box, g) {
  let y = HEADER + 16;
  for (const row of box.rows) {
    const right = box.w - PAD - (row.heat ? HEAT + 8 : 0);
    g.append(text("label", PAD, y, row.label));
    row.element = g.appendChild(text(`text ${row.kind}`, right, y, row.text));
    row.more = g.appendChild(make("g"));
    if (row.sub) row.more.append(text("sub", right, y + 14, row.sub));
    if (row.heat) row.more.append(heatMap(row.heat, right + 8, y - 11, HEAT, HEAT).group);
    y += row.high;
  }
  if (box.note) g.append(text("note", box.w / 2, y - 1, box.note));
  if (box.note) y += 16;
  if (box.flags.length) {
    g.append(rect("flag", PAD - 4, y - 12, box.w - 2 * PAD + 8, 17, 4),
      text("flagged", box.w / 2, y, flagText(box)));
  }
}

// --- frames -------------------------------------------------------------------------------------

function drawFrame({ g, x, y, w, h }) {
  const title = `▾ ${cut(groups[g].title, 40)}`;
  const wide = widthOf(title, "name") + 18;
  const order = orderClass(groups[g]);
  const button = withAttributes(rect("tab", x + 8, y + 6, wide, 21, 5), {
    role: "button", tabindex: -1, "aria-expanded": "true", "data-group": g,
    "aria-label": say("close_layer", groups[g].title), "data-key": `frame ${g}`,
  });
  const name = withAttributes(text("frame-name", x + 17, y + 21, title), { "aria-hidden": "true" });
  const depth = groups[g].depth % 2 ? "odd" : "even";
  return [rect(`frame ${depth}${order}`, x, y, w, h, 10), button, name];
}

// --- arrows -------------------------------------------------------------------------------------

/** The labels of an arrow: the local derivative, forward, and the contribution, back. */
function measureLink(link, labelled, vertical) {
  const [e] = link.edges, edge = edges[e], one = link.edges.length === 1;
  const isLocal = one && known(e) && edge.local !== null && isNumber(edge.local);
  link.forward = isLocal ? `×${inBrackets(brief(edge.local))}`
    : one && edge.summed.length ? say("summed", edge.summed.join(", ")) : "";
  link.backward = !link.back.length ? "" : link.back.length === 1
    ? sizeText(edges[link.back[0]]) : say("terms", link.back.length);
  link.thick = link.back.length ? 16 : 0;
  link.label = null;
  if (!labelled) return;
  const wide = [link.forward, link.backward].map((words) =>
    words ? widthOf(words, "text") * 0.9 + 8 : 0);
  const width = vertical ? 2 * Math.max(8, ...wide) : Math.max(...wide);
  const high = vertical || !link.thick ? 18 : 34;
  link.label = largest(wide) ? { w: Math.ceil(width), h: high } : { w: 0, h: 1 };
}

/** A contribution in few characters: a number, or the root mean square of an array. */
const sizeText = ({ contribution, size }) => isNumber(contribution) ? brief(contribution)
  : contribution.size ? `rms ${digits(size, 2)}` : say("empty");

/** How wide the arrow of a contribution is: the logarithm of its size, between all others. */
const logs = edges.map(({ size }) => Math.log10(size)).filter(Number.isFinite);
const least = -largest(logs.map((x) => -x)), most = largest(logs);
const widthOfSize = (size) => typeof size !== "number" ? 4.2 : size <= 0 ? 1
  : most - least < 0.3 ? 2 : 1.2 + 3 * (Math.log10(size) - least) / (most - least);

function drawLink(link, { pieces, at }, vertical) {
  const g = link.element = make("g", { class: "arrow", tabindex: -1, role: "img" });
  const whole = [pieces.flat()], split = vertical ? whole : pieces, half = link.thick / 2;
  const tall = link.label?.w && at;
  g.append(path("touch", curves(whole, vertical)));
  g.append(arrowOf("forward", link.forward ? split : whole, 1.5, vertical, -half));
  if (tall && link.forward) g.append(labelOf("local", at, -half, link.forward, vertical));
  if (link.back.length) {
    const back = split.map((piece) => [...piece].reverse()).reverse();
    const width = largest(link.back.map((e) => widthOfSize(edges[e].size)));
    link.way = g.appendChild(make("g", { class: "back" }));
    link.way.append(arrowOf("backward", back, width, vertical, half));
    if (tall) link.way.append(labelOf("sent", at, half, link.backward, vertical));
  }
  return g;
}

function labelOf(name, [x, y], by, content, vertical) {
  const side = Math.sign(by), [left, low] = vertical ? [by + side * 4, 0] : [0, by];
  const anchor = !vertical || !side ? "middle" : side < 0 ? "end" : "start";
  return withAttributes(text(name, x + left, y + 4 + low, content), { "text-anchor": anchor });
}

/** A line with a head (a marker of the style sheet), which it ends in front of. */
function arrowOf(name, pieces, width, vertical, by) {
  const last = pieces.at(-1), end = last.at(-1), before = last.at(-2), axis = vertical ? 1 : 0;
  const stop = [...end];
  stop[axis] -= TIP * (Math.sign(end[axis] - before[axis]) || 1);
  const way = curves([...pieces.slice(0, -1), [...last.slice(0, -1), stop]], vertical, by);
  return make("g", { class: name }, path("line", way, { "stroke-width": round(width) }));
}

/**
 * Straight where a route is straight, S-shaped where it changes its coordinate. `by` moves it
 * aside, also in the middle of an S: forward and backward lines run in parallel.
 */
function curves(pieces, vertical, by = 0) {
  const [dx, dy] = vertical ? [by, 0] : [0, by];
  return pieces.map((piece) => piece.map(([x, y], i) => {
    const to = `${round(x + dx)} ${round(y + dy)}`, [a, b] = piece[i - 1] ?? [x, y];
    if (!i) return `M${to}`;
    if (Math.abs(a - x) < 0.05 || Math.abs(b - y) < 0.05) return `L${to}`;
    const turn = -by * Math.sign((x - a) * (y - b)) * 0.7;
    const mx = round((a + x) / 2 + turn), my = round((b + y) / 2 + turn);
    return vertical ? `C${round(a + dx)} ${my} ${round(x + dx)} ${my} ${to}`
      : `C${mx} ${round(b + dy)} ${mx} ${round(y + dy)} ${to}`;
  }).join("")).join("");
}
