// The explanation beside the picture: what arrives, which rule sends what to whom, what is known.

// Lines of a list.
const LONG = 100;

const p = (text, name) => make("p", { class: name }, text);
const heading = (key, ...parts) => make("h3", {}, say(key, ...parts));
const formula = (text, name = "") => make("span", { class: `formula ${name}` }, text);
const red = (text) => formula(text, "grad-text");
const chip = (text, name = "") => make("span", { class: `chip ${name}` }, text);
const line = (...content) => make("p", {}, ...content);
const which = (test) => nodes.map((_, i) => i).filter(test);
const link = (text, act) => {
  const button = make("button", { type: "button", class: "link" }, text);
  on(button, "click", act);
  return button;
};

/** A list with its first lines, and how many more there are. */
function listOf(items, parts, name = "plain", tag = "ul") {
  const list = make(tag, { class: name }, ...items.slice(0, LONG).map((item, k) =>
    make("li", {}, ...parts(item, k))));
  const more = items.length - LONG;
  if (more > 0) list.append(make("li", { class: "soft" }, say("more", more)));
  return list;
}

/** The children of the panel at a place of the walk: before it, at a step, after it. */
function storyAt(scene, place, go, open) {
  const title = make("h2", {}, placeText(scene, place));
  if (!steps.length || !place) {
    return [title, p(say(steps.length ? "forward_text" : "no_gradients")), ...forwardList()];
  }
  if (place > scene.steps.length) return overview(scene, go);
  const step = scene.steps[place - 1], box = scene.boxes[step.box];
  const body = box.group === null ? nodeStep(step, box.node) : layerStep(step, box, open);
  return [title, ...body, ...soFar(scene, place, go)];
}

function forwardList() {
  const made = which((i) => nodes[i].op);
  return [listOf(made, forwardLine, "list", "ol")];
}

/** q = x + y = −2 + 5 = 3. */
function forwardLine(i) {
  const { plugged, value } = nodes[i], numbers = plugged && isNumber(value) ? ` = ${plugged}` : "";
  return [formula(`${wholeTitle(i)}${numbers} = `), formula(brief(value), "value-text")];
}

function wholeTitle(i) {
  const text = nodes[i].formula || nodes[i].symbol || nodes[i].op;
  return text ? `${nameOf(i)} = ${text}` : nameOf(i);
}

function overview(scene, go) {
  const ends = which((i) => nodes[i].gradient !== null && !nodes[i].op);
  return [
    make("h2", {}, say("overview")), p(say("overview_text", scene.steps.length)),
    ...flagsList(),
    listOf(ends, (i) => [formula(`${derivative(i)} = `), red(said(nodes[i].gradient))]),
    ...soFar(scene, scene.steps.length + 1, go),
  ];
}

function flagsList() {
  const flagged = which((i) => flagsOf(i).length);
  if (!flagged.length) return [];
  return [heading("flags"), listOf(flagged, (i) => [...flagChips(i),
    ` ${reasonOf(i) || nameOf(i)}`])];
}
const reasonOf = (i) => nodes[i].reason?.[LANGUAGES.indexOf(language)] ?? "";
const flagChips = (i) => flagsOf(i).map((flag) =>
  chip(`⚠ ${say(flag)}`, "flag-chip"));

/** An array for a sentence; a zero that was computed is said to be one. */
function said(array) {
  if (array === null) return `— (${say("none")})`;
  const size = isNumber(array) || array.text.startsWith("[") || array.rms === undefined ? ""
    : ` ${say("rms")} ${digits(array.rms, 3)}`;
  return `${brief(array)}${size}${isZero(array) ? ` (${say("zero")})` : ""}`;
}

// --- one step -----------------------------------------------------------------------------------

function nodeStep(step, i) {
  const node = nodes[i];
  return [
    make("p", { class: "big" }, ...forwardLine(i)),
    line(chip(say(node.kind)), ...flagChips(i),
      node.order ? ` ${say("order", mark(node.order), node.order)}` : ""),
    heading("arrives"), ...arrival(i), heading("sends"),
    ...steps[step.to].terms.map((term) => termCard(i, term, step.to + 1)),
  ];
}

/** ∂f/∂q = Σ of what came, and from whom. */
function arrival(i) {
  const all = arriving[i], { gradient } = nodes[i];
  const total = red(said(gradient)), start = formula(`${derivative(i)} = `);
  if (!all.length) return [line(start, total, ` (${say("begins")})`)];
  if (all.length === 1 && !isSeed(i)) {
    return [line(start, total, ` ${say("from", nameOf(edges[all[0]].target))}`)];
  }
  const texts = all.map((e, k) => inBrackets(brief(edges[e].contribution), k));
  const short = isNumber(gradient) && !isSeed(i) && texts.length <= 6;
  start.append(`Σ ${short ? texts.join(" + ") : say("terms", texts.length)} = `);
  const list = listOf(all, (e) => [red(brief(edges[e].contribution)),
    ` ${say("from", nameOf(edges[e].target))}`], "list");
  if (isSeed(i)) list.append(make("li", {}, say("seed")));
  return [line(start, total), list];
}

/** One term: the rule in letters, in symbols, with numbers; where its result is added. */
function termCard(i, term, done) {
  const edge = edges[term.edge], name = nameOf(term.source);
  const card = make("div", { class: "term" }), list = make("dl");
  const row = (key, ...content) =>
    list.append(make("dt", {}, say(key)), make("dd", {}, ...content));
  card.append(make("h4", {}, make("span", {}, say("to", name)),
    make("span", { class: "grad-text formula" }, term.result)));
  if (term.rule) {
    row("rule", formula(term.rule), make("div", { class: "soft" }, lettersOf(i, term.rule)));
    row("symbols", formula(term.symbols));
    row("numbers", formula(`${term.numbers} = `), red(term.result));
  }
  if (edge.local !== null) {
    row("local", formula(`∂${nameOf(i)}/∂${name} = ${said(edge.local)}`));
  }
  card.append(list);
  if (edge.summed.length) card.append(p(say("summed_text", edge.summed.join(", ")), "soft"));
  card.append(addition(term.source, done));
  return card;
}

/** g = ∂f/∂q, a = x, b = y. */
function lettersOf(i, rule) {
  const ins = incoming[i].slice(0, 4).map((e) => [edges[e].input, nameOf(edges[e].source)]);
  const out = ins.some(([letter]) => letter === "y") ? "out" : "y";
  const all = [["g", derivative(i)], ...ins, [out, nameOf(i)]]
    .filter(([letter]) => new RegExp(`\\b${letter}\\b`).test(rule));
  return say("letters", all.map((pair) => pair.join(" = ")).join(", "));
}

/** ∂f/∂x: Σ 3 + …, 1 of 2 so far; or complete. */
function addition(i, done) {
  const come = arrived(i, done).length, all = arriving[i].length;
  const state = complete(i, done) ? say("complete") : say("partly", come, all);
  return line(`${say("added", "")} `, formula(derivative(i)), ": ",
    red(sumText(i, done)), " ", chip(state));
}

// --- a closed layer -----------------------------------------------------------------------------

function layerStep(step, box, open) {
  const name = groups[box.group].title, i = box.node;
  const count = step.to - step.from + 1;
  const parts = [
    make("p", { class: "big" }, formula(`▸ ${name}`)),
    p(say("layer_step", countText(count)), "soft"),
    link(say("open_layer", name), () => open(box.group)), heading("arrives"), ...arrival(i),
    heading("sends"),
  ];
  const inside = new Set(groups[box.group].nodes);
  for (let k = step.from; k <= step.to; k++) {
    for (const term of steps[k].terms) {
      if (inside.has(term.source) && nodes[term.source].kind !== "parameter") continue;
      parts.push(termCard(steps[k].node, term, step.to + 1));
    }
  }
  return parts;
}

// --- the running list ---------------------------------------------------------------------------

function soFar(scene, place, go) {
  const last = Math.min(place, scene.steps.length), first = Math.max(0, last - LONG);
  const list = listOf(scene.steps.slice(first, last), (step, k) => [
    link(boxTitle(scene.boxes[step.box]), () => go(first + k + 1)), " ", red(sent(scene, step)),
  ], "list", "ol");
  list.start = first + 1;
  if (last === place) list.lastChild.setAttribute("aria-current", "step");
  return [heading(last === place ? "so_far" : "controls"), list];
}

/** What a step sent out of its box: `q −4, z 3`. */
function sent(scene, { box, from, to }) {
  return steps.slice(from, to + 1).flatMap(({ terms }) => terms)
    .filter(({ source }) => scene.boxOf[source] !== box || nodes[source].kind === "parameter")
    .map(({ source, result }) => `${nameOf(source)} ${result}`).join(", ");
}

/** What a place is called, and in full for the live region. */
function placeText({ steps: all }, place) {
  return !steps.length || !place ? say("forward") : place > all.length ? say("overview")
    : say("step_of", place, all.length);
}
function announcement(scene, place) {
  const step = scene.steps[place - 1], text = placeText(scene, place);
  if (!step) return steps.length ? text : say("no_gradients");
  const box = scene.boxes[step.box], { gradient } = nodes[box.node];
  return `${text}: ${boxTitle(box)}. ${say("arrives")}: ${derivative(box.node)} = `
    + `${said(gradient)}. ${say("sends")}: ${sent(scene, step)}.`;
}
