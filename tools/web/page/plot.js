// Figures over the last looks, five minutes of them: plotted by uPlot, or where it is missing as a line.
import { el } from "./elements.js";
import { uPlot } from "./libraries_used.js";
import { keeping } from "./patching.js";

const historyLength = 300; // looks that plots keep
const mostSeries = 40;     // of which the oldest goes
const history = new Map(); // by series: { times, values, root, plot }

function series(name) {
  const found = history.get(name) ?? { times: [], values: [] };
  history.delete(name);
  history.set(name, found);
  for (const [oldest, one] of history) {
    if (history.size <= mostSeries) break;
    one.plot?.destroy();
    history.delete(oldest);
  }
  return found;
}

const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const clock = t => new Date(t * 1000).toLocaleTimeString("en-GB");
const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The plot keeps its element from look to look.
function plotted(s, words) {
  if (!s.root) {
    s.root = el("div", { class: "plotted", role: "img" });
    const axis = { stroke: () => color("--dim"), grid: { stroke: () => color("--line"), width: 1 }, ticks: { show: false } };
    s.plot = new uPlot({
      width: 260, height: 110, legend: { show: false }, cursor: { y: false }, padding: [8, 6, 0, 0],
      scales: { y: { range: (_, least, most) => [Math.min(0, least ?? 0), Math.max((most ?? 0) * 1.05, 1)] } },
      axes: [{ ...axis, size: 24, space: 80, incrs: [5, 15, 30, 60, 120, 300, 600], values: (_, all) => all.map(clock) },
        { ...axis, size: 48, space: 28, values: (_, all) => all.map(v => short.format(v)) }],
      series: [{}, { stroke: () => color("--accent"), width: 1.5, points: { show: false } }],
    }, [s.times, s.values], s.root);
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry.contentRect.width);
      if (width > 0 && width !== s.plot.width) s.plot.setSize({ width, height: 110 });
    }).observe(s.root);
  }
  s.plot.setData([s.times, s.values]);
  s.root.setAttribute("aria-label", `${words} over the last ${s.values.length} s, ${s.values.at(-1) ?? "not known"} now`);
  return keeping(s.root);
}

function line(s, words) {
  const most = Math.max(...s.values, 1e-9);
  const points = s.values.map((v, i) => v === null ? "" : `${(i / Math.max(s.values.length - 1, 1) * 100).toFixed(2)},${(29 - v / most * 28).toFixed(2)}`).join(" ");
  return el("svg", { viewBox: "0 0 100 30", preserveAspectRatio: "none", role: "img", "aria-label": `${words} over the last ${s.values.length} s` },
    el("polyline", { class: "plot", points }));
}

// The newest value is added, and all that are kept are shown; null is not known, and a gap.
export function plot(name, value, words) {
  const s = series(name);
  s.times.push(Date.now() / 1000);
  s.values.push(value);
  if (s.values.length > historyLength) { s.times.shift(); s.values.shift(); }
  return uPlot ? plotted(s, words) : line(s, words);
}
export const figure = (name, value, series, n) => el("div", { class: "figure" }, el("h2", {}, name), el("div", { class: "value" }, value), plot(series, n, name));
// Said once, where plots are simpler than they could be.
let said = false;
export function plotsNotice() {
  if (uPlot || said) return null;
  said = true;
  return el("p", { class: "dim" }, "This millrace was built without uPlot and dagre: plots and graph are simple ones.");
}
