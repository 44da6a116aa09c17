// The picture: boxes, frames and arrows as SVG elements. Text only ever becomes text nodes.

const SVG = "http://www.w3.org/2000/svg";
const PAD = 11, HEADER = 27, ROW = 18, TALL = 34, HEAT = 28, TIP = 8;
const LABELLED = 400; // boxes, up to which arrows have labels and boxes heat maps

/** An element: attributes, then children (texts or elements). */
function make(name, attributes = {}, ...children) {
  const svg = /^(svg|g|path|rect|text|circle|line|desc)$/.test(name);
  const element = svg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const pen = document.createElement("canvas").getContext("2d");
const widths = new Map();
function widthOf(text, style) {
  const key = `${style} ${text}`;
  if (!widths.has(key)) {
    const css = getComputedStyle(document.documentElement);
    const family = css.getPropertyValue(style === "text" ? "--mono" : "--sans");
    const font = { name: "600 14px", label: "11px", note: "10.5px", text: "12px" }[style];
    pen.font = `${font} ${family}`;
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key);
}
const round = (x) => Math.round(x * 10) / 10;

// --- heat maps ----------------------------------------------------------------------------------

/** A heat map of `width`×`height` at most: one path per shade. Negative cells may have a sign. */
function heatMap(heat, x, y, width, height, signs = false) {
  const rows = heat.length, columns = heat[0].length;
  const cell = Math.min(width / columns, height / rows, width / 3);
  const group = make("g", { class: "heat", "aria-hidden": "true" });
  const w = round(columns * cell), h = round(rows * cell);
  group.append(make("rect", { class: "paper", x: round(x), y: round(y), width: w, height: h }));
  const shades = new Map();
  let minuses = "";
  heat.forEach((row, r) => row.forEach((v, c) => {
    const [left, top] = [round(x + c * cell), round(y + r * cell)];
    const key = typeof v === "string" ? "bad 10" : `${v < 0 ? "less" : "more"} ${shade(v)}`;
    shades.set(key, `${shades.get(key) ?? ""}M${left} ${top}h${round(cell)}v${round(cell)}h-${round(cell)}z`);
    if (v < 0) minuses += `M${round(left + cell * 0.3)} ${round(top + cell / 2)}h${round(cell * 0.4)}`;
  }));
  for (const [key, d] of shades) {
    const [name, level] = key.split(" ");
    if (level !== "0") group.append(make("path", { class: name, "fill-opacity": level / 10, d }));
  }
  if (signs && cell >= 9 && minuses) group.append(make("path", { class: "signs", d: minuses }));
  group.append(make("rect", { class: "rim", x: round(x), y: round(y), width: w, height: h }));
  return { group, w, h };
}
const shade = (v) => v === 0 ? 0 : Math.max(1, Math.round(Math.abs(v) * 10));

// --- boxes --------------------------------------------------------------------------------------

/** What stands in the rows of a box: {key, label, array, text, sub, kind}. */
function rowsOf(box) {
  const { node: i, group } = box, node = nodes[i], rows = [];
  const row = (kind, label, array, text) => {
    const sub = array && array.heat && array.heat.length && !array.text.startsWith("[")
      ? `${digits(array.min, 3)} … ${digits(array.max, 3)}` : "";
    rows.push({ kind, label, array, text, sub, heat: box.small || !sub ? null : array.heat });
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

function notesOf(box) {
  const { node: i, group } = box, notes = [];
  if (group !== null) {
    const count = operationsOf(group), more = weightsOf(group).length - 4;
    notes.push(count === 1 ? say("operation_1") : say("operations", count));
    if (more > 0) notes[0] += ` · ${say("more", `${more + 1} ∂`)}`;
  }
  return notes;
}

const flagsIn = (box) => box.group === null ? flagsOf(box.node)
  : [...new Set(groups[box.group].nodes.flatMap(flagsOf))];
const orderOf = (box) => box.group === null ? nodes[box.node].order : groups[box.group].order;
const boxTitle = (box) => box.group === null ? titleOf(box.node) : oneLine(groups[box.group].title);

/** Sizes, titles, rows: everything about a box that does not depend on the step. */
function measure(box) {
  const order = box.group === null ? mark(nodes[box.node].order) : "";
  box.title = cut(boxTitle(box), 44);
  box.badge = order;
  box.rows = rowsOf(box);
  box.notes = notesOf(box);
  box.flags = flagsIn(box);
  const extra = (order ? 18 : 0) + (box.group === null ? 0 : 18);
  let width = widthOf(box.title, "name") + extra * 2, height = box.rows.length ? HEADER + 7 : HEADER;
  for (const row of box.rows) {
    const zero = row.kind === "grad" && isZero(row.array);
    row.zero = zero;
    row.text = cut(zero && !row.text.startsWith("Σ") ? zeroText(row.array) : row.text, 34);
    const text = Math.max(widthOf(row.text, "text"), widthOf(row.sub, "label"));
    width = Math.max(width, widthOf(row.label, "label") + 12 + text + (row.heat ? HEAT + 10 : 0));
    row.high = row.sub ? TALL : ROW;
    height += row.high;
  }
  for (const note of box.notes) {
    width = Math.max(width, widthOf(note, "note"));
    height += 16;
  }
  if (box.flags.length) {
    width = Math.max(width, widthOf(flagText(box), "label") + 14);
    height += 20;
  }
  box.w = Math.max(48, Math.round(width + 2 * PAD));
  box.h = height;
}
const zeroText = (array) => isNumber(array) ? say("zero") : `${shapeOf(array)} ${say("zero")}`;
const flagText = (box) => `⚠ ${box.flags.map((flag) => say(flag)).join(", ")}`;

function drawBox(box, x, y) {
  const kind = box.group === null ? nodes[box.node].kind : "layer";
  const round = kind === "input" ? Math.min(13, box.h / 2) : 6, { w, h } = box;
  const order = orderOf(box) ? ` order${Math.min(orderOf(box), 2)}` : "";
  const g = make("g", {
    class: `box ${kind}${order}`, transform: `translate(${x} ${y})`, tabindex: -1, role: "button",
  });
  if (box.group !== null) {
    g.append(make("rect", { class: "under", x: 4, y: 4, width: w, height: h, rx: round }));
  }
  g.append(
    make("rect", { class: "halo", x: -5, y: -5, width: w + 10, height: h + 10, rx: round + 5 }),
    make("rect", { class: "card", width: w, height: h, rx: round }),
  );
  const right = w - round, low = box.rows.length ? HEADER : h;
  g.append(low === h ? make("rect", { class: "head", width: w, height: h, rx: round })
    : make("path", { class: "head", d: `M0 ${low}V${round}a${round} ${round} 0 0 1 ${round} -${round}`
      + `H${right}a${round} ${round} 0 0 1 ${round} ${round}V${low}z` }));
  g.append(make("rect", { class: "edge", width: w, height: h, rx: round }));
  if (kind === "parameter") g.append(make("rect", { class: "bar", y: 6, width: 4, height: h - 12 }));
  if (kind === "output") {
    g.append(make("rect", { class: "edge", x: 3, y: 3, width: w - 6, height: h - 6, rx: 3.5 }));
  }
  if (box.group !== null) g.append(make("text", { class: "sign", x: PAD, y: 18.5 }, "▸"));
  if (box.badge) g.append(make("text", { class: "mark", x: PAD, y: 18.5 }, box.badge));
  g.append(make("text", { class: "name", x: w / 2, y: 18.5 }, box.title));
  drawRows(box, g);
  g.append(make("text", { class: "now", x: w / 2, y: -9 }));
  box.element = g;
  return g;
}

function drawRows(box, g) {
  let y = HEADER + 16;
  for (const row of box.rows) {
    const right = box.w - PAD - (row.heat ? HEAT + 8 : 0);
    g.append(make("text", { class: "label", x: PAD, y }, row.label));
    row.element = g.appendChild(make("text", { class: `text ${row.kind}`, x: right, y }, row.text));
    row.more = g.appendChild(make("g"));
    if (row.sub) row.more.append(make("text", { class: "sub", x: right, y: y + 14 }, row.sub));
    if (row.heat) row.more.append(heatMap(row.heat, right + 8, y - 11, HEAT, HEAT).group);
    y += row.high;
  }
  for (const note of box.notes) {
    g.append(make("text", { class: "note", x: box.w / 2, y: y - 1 }, note));
    y += 16;
  }
  if (box.flags.length) {
    g.append(
      make("rect", { class: "flag", x: PAD - 4, y: y - 12, width: box.w - 2 * PAD + 8, height: 17, rx: 4 }),
      make("text", { class: "flagged", x: box.w / 2, y }, flagText(box)),
    );
  }
}

// --- frames -------------------------------------------------------------------------------------

function drawFrame({ g, x, y, w, h }) {
  const title = `▾ ${cut(oneLine(groups[g].title), 40)}`;
  const wide = widthOf(title, "name") + 18;
  const order = groups[g].order ? ` order${Math.min(groups[g].order, 2)}` : "";
  const button = make("g", {
    class: "frame-title", role: "button", tabindex: -1, "aria-expanded": "true",
    "aria-label": say("close_layer", oneLine(groups[g].title)), "data-group": g,
  }, make("rect", { class: "tab", x: x + 8, y: y + 6, width: wide, height: 21, rx: 5 }),
  make("text", { class: "frame-name", x: x + 17, y: y + 21 }, title));
  const depth = groups[g].depth % 2 ? "odd" : "even";
  return [make("rect", { class: `frame ${depth}${order}`, x, y, width: w, height: h, rx: 10 }), button];
}

// --- arrows -------------------------------------------------------------------------------------

/** The label of an arrow: on its forward line the local derivative, on the backward one the rest. */
function measureLink(link, labelled, vertical) {
  const [e] = link.edges, edge = edges[e], one = link.edges.length === 1;
  const isLocal = one && known(e) && edge.local !== null && isNumber(edge.local);
  link.forward = isLocal ? `×${inBrackets(brief(edge.local))}`
    : one && edge.summed.length ? say("summed", edge.summed.join(", ")) : "";
  link.backward = !link.back.length ? "" : link.back.length === 1
    ? brief(edges[link.back[0]].contribution) : `Σ ${say("terms", link.back.length)}`;
  link.backward = cut(link.backward, 22);
  link.thick = link.back.length ? 16 : 0;
  const wide = [link.forward, link.backward].map((text) => text ? widthOf(text, "text") + 8 : 0);
  const width = vertical ? 2 * Math.max(8, ...wide) : Math.max(...wide);
  const high = vertical || !link.thick ? 18 : 34;
  link.label = labelled && largest(wide) ? { w: Math.ceil(width), h: high } : null;
}

/** How wide the arrow of a contribution is: the logarithm of its size, between all others. */
function scaleOfSizes() {
  const logs = edges.map(({ size }) => size).filter((size) => typeof size === "number" && size > 0)
    .map(Math.log10);
  const low = -largest(logs.map((x) => -x)), high = largest(logs);
  return (size) => typeof size !== "number" ? 4.5 : size <= 0 ? 1
    : high - low < 0.3 ? 2 : 1.2 + 3 * (Math.log10(size) - low) / (high - low);
}
const widthOfSize = scaleOfSizes();

function drawLink(link, { pieces, at }, vertical) {
  const g = make("g", { class: "arrow", tabindex: -1, role: "img" });
  const half = link.thick ? 8 : 0;
  g.append(make("path", { class: "touch", d: curves(pieces, vertical) }));
  const tall = link.label && at;
  g.append(arrowOf("forward", shifted(link.forward ? pieces : [pieces.flat()], -half, vertical), 1.5, vertical));
  if (tall && link.forward) g.append(labelOf("local", at, -half, link.forward, vertical));
  if (link.back.length) {
    const size = largest(link.back.map((e) => sizeOf(edges[e].size)), 0);
    const line = shifted(pieces, half, vertical).map((piece) => [...piece].reverse()).reverse();
    link.way = g.appendChild(make("g", { class: "back" }));
    link.way.append(arrowOf("backward", line, widthOfSize(size), vertical));
    if (tall) link.way.append(labelOf("sent", at, half, link.backward, vertical));
  }
  link.element = g;
  return g;
}
const sizeOf = (size) => typeof size === "number" ? size : Infinity;

function labelOf(name, [x, y], by, text, vertical) {
  const side = Math.sign(by), [left, low] = vertical ? [by + side * 4, 0] : [0, by];
  const anchor = !vertical || !side ? "middle" : side < 0 ? "end" : "start";
  return make("text", { class: name, x: round(x + left), y: round(y + 4 + low), "text-anchor": anchor }, text);
}

/** The route a little beside itself: forward and backward lines run in parallel. */
function shifted(pieces, by, vertical) {
  return pieces.map((piece) => piece.map(([x, y]) => vertical ? [x + by, y] : [x, y + by]));
}

function arrowOf(name, pieces, width, vertical) {
  const last = pieces.at(-1), [x, y] = last.at(-1), [p, q] = last.at(-2) ?? last[0];
  const sign = vertical ? Math.sign(y - q) || 1 : Math.sign(x - p) || 1;
  const [dx, dy] = vertical ? [0, sign] : [sign, 0];
  const tip = TIP + Math.max(0, width - 1.5) * 1.6, side = tip * 0.45;
  const end = [x - 0.75 * tip * dx, y - 0.75 * tip * dy];
  const ending = [...pieces.slice(0, -1), [...last.slice(0, -1), end]];
  const [bx, by] = [x - tip * dx, y - tip * dy];
  const corners = [[x, y], [bx + side * dy, by + side * dx], end, [bx - side * dy, by - side * dx]];
  const head = corners.map((corner) => corner.map(round).join(" ")).join("L");
  return make("g", { class: name },
    make("path", { class: "line", d: curves(ending, vertical), "stroke-width": round(width) }),
    make("path", { class: "tip", d: `M${head}z` }));
}

/** Straight where a route is straight, and S-shaped where it changes its coordinate. */
function curves(pieces, vertical) {
  return pieces.map((piece) => piece.map(([x, y], i) => {
    const to = `${round(x)} ${round(y)}`;
    if (!i) return `M${to}`;
    const [a, b] = piece[i - 1];
    if (Math.abs(a - x) < 0.05 || Math.abs(b - y) < 0.05) return `L${to}`;
    const [mx, my] = [round((a + x) / 2), round((b + y) / 2)];
    return vertical ? `C${round(a)} ${my} ${round(x)} ${my} ${to}`
      : `C${mx} ${round(b)} ${mx} ${round(y)} ${to}`;
  }).join("")).join("");
}
