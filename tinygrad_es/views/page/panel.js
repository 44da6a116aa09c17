// The explanation beside the picture: what arrives, which rule sends what to whom, what is known.

const LONG = 200; // lines of a list

const p = (text, name) => make("p", { class: name }, text);
const heading = (key, ...parts) => make("h3", {}, say(key, ...parts));
const formula = (text, name = "") => make("span", { class: `formula ${name}` }, text);
const link = (text, act) => {
  const button = make("button", { type: "button", class: "link" }, text);
  button.addEventListener("click", act);
  return button;
};

/** A list with its first lines, and how many more there are. */
function listOf(items, line, name = "plain", tag = "ul") {
  const list = make(tag, { class: name }, ...items.slice(0, LONG).map((item, k) =>
    make("li", {}, ...[line(item, k)].flat())));
  if (items.length > LONG) list.append(make("li", { class: "soft" }, say("more", items.length - LONG)));
  return list;
}

/** The children of the panel at a place of the walk: before it, at a step, after it. */
function storyAt(scene, place, go, open) {
  if (!steps.length) return [make("h2", {}, say("forward")), p(say("no_gradients")), ...forwardList()];
  if (place === 0) return [make("h2", {}, say("forward")), p(say("forward_text")), ...forwardList()];
  if (place > scene.steps.length) return overview(scene, go);
  const step = scene.steps[place - 1], box = scene.boxes[step.box];
  const top = make("h2", {}, say("step_of", place, scene.steps.length));
  const body = box.group === null ? nodeStep(step, box.node) : layerStep(step, box, open);
  return [top, ...body, ...soFar(scene, place, go)];
}

function forwardList() {
  const made = nodes.map((_, i) => i).filter((i) => nodes[i].op);
  return [listOf(made, (i) => {
    const { plugged, value } = nodes[i];
    const numbers = plugged && isNumber(value) ? ` = ${oneLine(plugged)}` : "";
    return [formula(`${wholeTitle(i)}${numbers} = `), formula(brief(value), "value-text")];
  }, "list", "ol")];
}

function wholeTitle(i) {
  const text = nodes[i].formula || nodes[i].symbol || nodes[i].op;
  return text ? `${nameOf(i)} = ${oneLine(text)}` : nameOf(i);
}

function overview(scene, go) {
  const ends = nodes.map((_, i) => i).filter((i) => nodes[i].gradient !== null && !nodes[i].op);
  return [
    make("h2", {}, say("overview")), p(say("overview_text", scene.steps.length)),
    ...flagsList(),
    listOf(ends, (i) => [formula(`${derivative(i)} = `), formula(said(nodes[i].gradient), "grad-text")]),
    ...soFar(scene, scene.steps.length + 1, go),
  ];
}

function flagsList() {
  const flagged = nodes.map((_, i) => i).filter((i) => flagsOf(i).length);
  if (!flagged.length) return [];
  return [heading("flags"), listOf(flagged, (i) => [`${nameOf(i)}: `, ...flagChips(i),
    nodes[i].reason ? ` ${oneLine(nodes[i].reason)}` : null])];
}
const flagChips = (i) => flagsOf(i).map((flag) =>
  make("span", { class: "chip flag-chip" }, `⚠ ${say(flag)}`));

/** An array for a sentence; a zero that was computed is said to be one. */
function said(array) {
  if (array === null) return `— (${say("none")})`;
  const size = isNumber(array) || array.text.startsWith("[") || array.rms === undefined ? ""
    : ` ${say("rms")} ${digits(array.rms, 3)}`;
  return `${brief(array)}${size}${isZero(array) ? ` (${say("zero")})` : ""}`;
}

// --- one step -----------------------------------------------------------------------------------

function nodeStep(step, i) {
  const node = nodes[i], parts = [];
  const line = make("p", { class: "big" }, formula(wholeTitle(i)));
  if (node.plugged && isNumber(node.value)) line.append(formula(` = ${oneLine(node.plugged)}`));
  line.append(formula(" = "), formula(brief(node.value), "value-text"));
  parts.push(line, p("", ""));
  parts.at(-1).append(make("span", { class: "chip" }, say(node.kind)), ...flagChips(i));
  if (node.order) parts.at(-1).append(" ", say("order", mark(node.order), node.order));
  parts.push(heading("arrives"), ...arrival(i), heading("sends"));
  parts.push(...steps[step.to].terms.map((term) => termCard(i, term, step.to + 1)));
  return parts;
}

/** ∂f/∂q = Σ of what came, and from whom. */
function arrival(i) {
  const all = arriving[i], { gradient } = nodes[i];
  const total = make("p", {}, formula(`${derivative(i)} = `));
  if (!all.length) {
    total.append(formula(said(gradient), "grad-text"), ` (${say("begins")})`);
    return [total];
  }
  const terms = all.map((e) => [inBrackets(brief(edges[e].contribution)), edges[e].target]);
  if (isSeed(i)) terms.unshift(["…", null]);
  else terms[0][0] = brief(edges[all[0]].contribution);
  if (terms.length === 1) {
    total.append(formula(said(gradient), "grad-text"), ` ${say("from", nameOf(terms[0][1]))}`);
    return [total];
  }
  const numbers = isNumber(gradient) && terms.length <= 6;
  total.append(formula(numbers ? `Σ ${terms.map(([text]) => text).join(" + ")} = `
    : `Σ ${say("terms", terms.length)} = `), formula(said(gradient), "grad-text"));
  return [total, listOf(terms, ([text, from]) => [formula(text, "grad-text"),
    ` ${from === null ? say("seed") : say("from", nameOf(from))}`], "list")];
}

/** One term: the rule in letters, in symbols, with numbers; where its result is added. */
function termCard(i, term, done) {
  const edge = edges[term.edge], name = nameOf(term.source);
  const card = make("div", { class: "term" }), list = make("dl");
  const row = (key, ...content) => list.append(make("dt", {}, say(key)), make("dd", {}, ...content));
  card.append(make("h4", {}, make("span", {}, say("to", name)),
    make("span", { class: "grad-text formula" }, oneLine(term.result))));
  if (term.rule) {
    row("rule", formula(oneLine(term.rule)), make("div", { class: "soft" }, lettersOf(i)));
    row("symbols", formula(oneLine(term.symbols)));
    row("numbers", formula(`${oneLine(term.numbers)} = `), formula(oneLine(term.result), "grad-text"));
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
function lettersOf(i) {
  const names = incoming[i].slice(0, 4).map((e) => `${edges[e].input} = ${nameOf(edges[e].source)}`);
  return say("letters", [`g = ${derivative(i)}`, ...names].join(", "));
}

/** ∂f/∂x: Σ 3 + …, 1 of 2 so far; or complete. */
function addition(i, done) {
  const come = arrived(i, done).length, all = arriving[i].length;
  const state = complete(i, done) ? say("complete") : say("partly", come, all);
  return make("p", {}, `${say("added", "")} `, formula(derivative(i)), ": ",
    formula(oneLine(sumText(i, done)), "grad-text"), " ", make("span", { class: "chip" }, state));
}

// --- a closed layer -----------------------------------------------------------------------------

function layerStep(step, box, open) {
  const name = oneLine(groups[box.group].title), i = box.node;
  const count = step.to - step.from + 1;
  const parts = [
    make("p", { class: "big" }, formula(`▸ ${name}`)),
    p(say("layer_step", count === 1 ? say("operation_1") : say("operations", count)), "soft"),
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
  const passed = scene.steps.slice(0, place);
  if (!passed.length) return [];
  const list = listOf(passed, (step, k) => [
    link(`${boxTitle(scene.boxes[step.box])}`, () => go(k + 1)), " ", formula(sent(scene, step), "grad-text"),
  ], "list", "ol");
  if (place <= passed.length && place <= LONG) {
    list.children[place - 1].className = "current";
    list.children[place - 1].setAttribute("aria-current", "step");
  }
  return [heading("so_far"), list];
}

/** What a step sent out of its box: `q −4, z 3`. */
function sent(scene, { box, from, to }) {
  return steps.slice(from, to + 1).flatMap(({ terms }) => terms)
    .filter(({ source }) => scene.boxOf[source] !== box || nodes[source].kind === "parameter")
    .map(({ source, result }) => `${nameOf(source)} ${oneLine(result)}`).join(", ");
}

/** One sentence for the live region. */
function announcement(scene, place) {
  if (!steps.length) return say("no_gradients");
  if (place === 0) return say("forward");
  if (place > scene.steps.length) return say("overview");
  const step = scene.steps[place - 1], box = scene.boxes[step.box];
  const gradient = `${derivative(box.node)} = ${said(nodes[box.node].gradient)}`;
  return `${say("step_of", place, scene.steps.length)}: ${boxTitle(box)}. ${say("arrives")}: `
    + `${gradient}. ${say("sends")}: ${sent(scene, step)}.`;
}
