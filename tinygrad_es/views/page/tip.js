// What the pointer or the focus rests on, in full: statistics, heat maps, small arrays as tables.

const tip = at("tip");
const STATISTICS = ["min", "max", "mean", "std", "rms", "zeros", "bad", "size"];
let tipTimer = 0;

/** Arrays side by side: columns are [name, array]. */
function arraysTable(columns) {
  const given = columns.filter(([, array]) => array !== null && array !== undefined);
  if (!given.length) return [];
  const head = make("tr", {}, make("td", {}),
    ...given.map(([name]) => make("th", { scope: "col" }, name)));
  const body = make("tbody");
  const row = (key, read) => body.append(make("tr", {}, make("th", { scope: "row" }, say(key)),
    ...given.map(([, array]) => make("td", {}, read(array)))));
  row(given.some(([, array]) => array.shape) ? "shape" : "value", brief2);
  if (given.some(([, array]) => array.rms !== undefined)) {
    for (const key of STATISTICS) {
      row(key, (array) => array[key] === undefined ? "" : digits(array[key]));
    }
  }
  const found = [make("table", {}, make("thead", {}, head), body)];
  const maps = given.filter(([, array]) => array.heat && array.heat.length);
  if (maps.length) found.push(make("div", { class: "maps" }, ...maps.map(bigMap)));
  return found;
}
const brief2 = (array) => `${isNumber(array) ? brief(array) : shapeOf(array)}`
  + (isZero(array) ? ` (${say("zero")})` : "");

/** A heat map of a hundred points; where all elements are there, they stand under it. */
function bigMap([name, array]) {
  const { group, w, h } = heatMap(array.heat, 0.5, 0.5, 150, 120, true);
  const size = { width: w + 1, height: h + 1, role: "img", "aria-label": say("heat", name) };
  const caption = make("figcaption", {}, `${name} ${shapeOf(array)}`);
  const figure = make("figure", {}, caption, make("svg", size, group));
  const rows = array.values && rowsOfValues(array.values);
  if (rows && rows[0].length <= 8) {
    figure.append(make("table", {}, make("tbody", {}, ...rows.map((row) =>
      make("tr", {}, ...row.map((v) => make("td", {}, digits(v, 3))))))));
  }
  return figure;
}

/** The elements as rows: the first axes together, the last one across. */
function rowsOfValues(values) {
  let rows = Array.isArray(values[0]) ? values : [values];
  while (Array.isArray(rows[0][0])) rows = rows.flat();
  return rows;
}

function facts(...pairs) {
  return make("dl", {}, ...pairs.filter(([, text]) => text).flatMap(([key, text]) =>
    [make("dt", {}, say(key)), make("dd", { class: "formula" }, text)]));
}

function nodeTip(i, done) {
  const node = nodes[i], hidden = done < steps.length && !complete(i, done);
  return [
    make("h3", {}, cut(wholeTitle(i), 200), " ", chip(say(node.kind)),
      ...flagChips(i)),
    ...node.reason ? [p(reasonOf(i))] : [],
    ...hidden && node.gradient ? [p(`${derivative(i)}: ${say("not_yet")}`, "soft")] : [],
    facts(["numbers", node.plugged], ["dtype", node.dtype], ["scope", node.scope],
      ["order", node.order ? `${mark(node.order)} ${node.order}` : ""], ["line", node.line]),
    ...arraysTable([[say("value"), node.value], [derivative(i), hidden ? null : node.gradient]]),
    ...node.gradient === null && node.kind !== "constant"
      ? [p(`${say("gradient")}: ${said(null)}`)] : [],
  ];
}

function layerTip(g, done) {
  return [
    make("h3", {}, groups[g].path, " ", chip(say("layer"))),
    p(countText(operationsOf(g))),
    ...[outputOf(g), ...weightsOf(g)].slice(0, 6).flatMap((i) => nodeTip(i, done)),
  ];
}

function linkTip(link, done) {
  return link.edges.slice(0, 6).flatMap((e) => {
    const { source, target, local, contribution, summed } = edges[e];
    const come = done >= steps.length || stepOf.get(target) < done;
    const sent = `${derivative(source)} ← ${nameOf(target)}`;
    return [
      make("h3", {}, `${nameOf(source)} → ${nameOf(target)}`),
      ...summed.length ? [p(say("summed_text", summed.join(", ")))] : [],
      ...contribution === null ? [p(say("none"), "soft")] : come ? [] : [p(say("not_yet"), "soft")],
      ...arraysTable([[`${say("local")} ∂${nameOf(target)}/∂${nameOf(source)}`, local],
        [`${say("contribution")} ${sent}`, come ? contribution : null]]),
    ];
  });
}

/** Show the tip beside an element, where there is room; it may be pointed at, and stays then. */
function showTip(element, content) {
  clearTimeout(tipTimer);
  tip.replaceChildren(...content);
  tip.hidden = false;
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect(), far = right + 10 + width > innerWidth;
  const beside = !far || left - width > 10;
  const place = (wanted, size, room) => `${Math.max(4, Math.min(wanted, room - size - 4))}px`;
  tip.style.left = place(!beside ? left : far ? left - width - 10 : right + 10, width, innerWidth);
  tip.style.top = place(beside ? top : bottom + 10, height, innerHeight);
}

function hideTip(delay = 160) {
  clearTimeout(tipTimer);
  tipTimer = setTimeout(() => { tip.hidden = true; }, delay);
}
on(tip, "pointerenter", () => clearTimeout(tipTimer));
on(tip, "pointerleave", () => hideTip());
