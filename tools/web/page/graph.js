// The graph of the stages, drawn: laid out by dagre, or where it is missing in columns by their distance from the sources.
import { bytes, el, number, rate } from "./elements.js";
import { dagre } from "./libraries_used.js";
import { isLate, rateOf } from "./rates.js";

const width = 172, height = 82;
const stageOf = from => from.replace(/\.late(_left|_right)?$/, "");
const cut = (text, most = 27) => text.length > most ? `${text.slice(0, most - 1)}…` : text;
const widest = 1500; // a graph up to this is made as narrow as the page, and can be read

// { width, height, places: stage -> [x, y] of its upper left corner, ways: edge -> points }
function laidOut(g, labels) {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 22, ranksep: 24, marginx: 10, marginy: 10 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const s of g.stages) graph.setNode(s.stage, { width, height });
  g.edges.forEach((e, i) => graph.setEdge(stageOf(e.from), e.to, { width: Math.max(0, ...labels[i].map(l => l.length * 6.2)), height: labels[i].length * 14, labelpos: "c" }, String(i)));
  dagre.layout(graph);
  const size = graph.graph();
  return { width: size.width, height: size.height,
    places: new Map(g.stages.map(s => [s.stage, [graph.node(s.stage).x - width / 2, graph.node(s.stage).y - height / 2]])),
    ways: g.edges.map((e, i) => graph.edge({ v: stageOf(e.from), w: e.to, name: String(i) }).points.map(p => [p.x, p.y])) };
}

function inColumns(g) {
  const level = new Map(), rows = new Map(), places = new Map(), gapX = 36, gapY = 18;
  for (const s of g.stages) {
    const column = Math.max(0, ...g.edges.filter(e => e.to === s.stage).map(e => (level.get(stageOf(e.from)) ?? -1) + 1));
    const row = rows.get(column) ?? 0;
    level.set(s.stage, column);
    rows.set(column, row + 1);
    places.set(s.stage, [10 + column * (width + gapX), 10 + row * (height + gapY)]);
  }
  return { width: 20 + (Math.max(...level.values()) + 1) * (width + gapX) - gapX, height: 20 + Math.max(...rows.values()) * (height + gapY) - gapY, places,
    ways: g.edges.map(e => {
      const [x0, y0] = places.get(stageOf(e.from)), [x1, y1] = places.get(e.to);
      return [[x0 + width, y0 + height / 2], [x1, y1 + height / 2]];
    }) };
}

// A curve through the points, whose ends lie level.
function curve(points) {
  const between = ([x0, y0], [x1, y1]) => `C${(x0 + x1) / 2},${y0} ${(x0 + x1) / 2},${y1} ${x1},${y1}`;
  return `M${points[0]}${points.slice(1).map((p, i) => between(points[i], p)).join("")}`;
}
// The lines at an edge: how much passes, and what is held.
function labelOf(e, perSecond) {
  const passes = isLate(e.from) ? "late" : perSecond === null ? "" : rate(perSecond);
  return [passes, e.held_bytes > 0 ? `${bytes(e.held_bytes)} held` : ""].filter(l => l !== "");
}
const percent = share => `${Math.round(Math.min(1, share) * 100)} %`;
// "busy 34 %, backpressured 80 %"; nothing where neither is known or worth a word.
function pressure(stage, busy, backpressured) {
  const words = [["busy", busy.get(stage)], ["backpressured", backpressured.get(stage)]];
  return words.filter(([word, share]) => share !== undefined && (word === "busy" || share >= 0.005)).map(([word, share]) => `${word} ${percent(share)}`).join(", ");
}

// `now`: what rates.js makes of these figures. `troubled`: stages that something is wrong with.
export function drawing(topology, g, figures, now, troubled) {
  if (g.stages.length === 0) return el("p", { class: "dim" }, "No stage is there.");
  const labels = g.edges.map(e => labelOf(e, rateOf(e, g, figures, now.passed)));
  const { width: w, height: h, places, ways } = dagre ? laidOut(g, labels) : inColumns(g);
  const culprit = g.held_up_by?.stage;
  const edges = g.edges.flatMap((e, i) => {
    const isHeld = e.held_bytes > 0 && e.to === culprit;
    const middle = ways[i][Math.floor(ways[i].length / 2)];
    return [el("path", { class: isHeld ? "held" : null, d: curve(ways[i]) }, el("title", {}, `${e.from} → ${e.to}: ${bytes(e.held_bytes)} held`)),
      ...labels[i].map((words, line) => el("text", { class: "small edge", x: middle[0], y: middle[1] - 5 + line * 19, "text-anchor": "middle" }, words))];
  });
  const boxes = g.stages.map(s => {
    const [x, y] = places.get(s.stage);
    const figure = s.kind === "transform" ? "" : s.records_per_second !== null ? rate(s.records_per_second) : `${number(s.records)} records`;
    return el("a", { isSvg: true, href: `#/t/${encodeURIComponent(topology)}/stage/${encodeURIComponent(s.stage)}`,
      class: s.stage === culprit ? "held" : troubled.has(s.stage) ? "bad" : s.state === "paused" ? "paused" : ["waits", "slow", "stalled", "away", "starts"].includes(s.state) ? "waits" : null },
      el("rect", { x, y, width, height, rx: 6 }), el("text", { x: x + 10, y: y + 21 }, cut(s.stage, 21)),
      el("text", { class: "small standing", x: x + 10, y: y + 39 }, cut(`${s.type} · ${s.state}`)),
      el("text", { class: "small", x: x + 10, y: y + 55 }, cut(figure)),
      el("text", { class: `small ${now.backpressured.has(s.stage) ? "pressed" : ""}`, x: x + 10, y: y + 71 }, pressure(s.stage, now.busy, now.backpressured)));
  });
  return el("div", { class: "graph", tabindex: "0", role: "region", "aria-label": "Graph of the stages" },
    el("svg", { class: w <= widest ? "fits" : null, viewBox: `0 0 ${w} ${h}`, width: w, height: h }, edges, boxes));
}
