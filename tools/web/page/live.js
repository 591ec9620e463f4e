// Receives the figures of a topology, each second, by server-sent events; if there is no stream, views ask for them.
import { ask, topologyPath } from "./asking.js";

const freshFor = 3000;     // ms: what is older is asked for
const againAfter = 10000;  // ms from a stream that failed to the next try
// A browser has six connections to a server for all its pages together, and streams hold theirs. So three pages have streams, and the other ones ask.
const slots = ["stream 1", "stream 2", "stream 3"];

let current = null;        // { topology, then, source, release, graph, figures, at }
let notBefore = 0;

function drop(mine) {
  mine.source?.close();
  mine.release?.();
  if (current === mine) current = null;
}
function giveUp(mine) {
  if (current !== mine) return;
  notBefore = performance.now() + againAfter;
  drop(mine);
}

// Settles when the stream is closed.
function streamed(mine) {
  return new Promise(release => {
    if (current !== mine) return release();
    mine.release = release;
    mine.source = new EventSource(`/api/v1/${topologyPath(mine.topology, "events")}?figures=1`);
    mine.source.addEventListener("graph", e => { mine.graph = JSON.parse(e.data); });
    mine.source.addEventListener("figures", e => {
      mine.figures = JSON.parse(e.data);
      mine.at = performance.now();
      if (current === mine) mine.then();
    });
    // Refused, cut off, an error of the server's, the topology's end: a question tells which.
    for (const name of ["error", "end"])
      mine.source.addEventListener(name, () => { if (current === mine) { giveUp(mine); mine.then(); } });
  });
}

async function open(mine) {
  try {
    for (const slot of slots)
      if (await navigator.locks.request(slot, { ifAvailable: true }, lock => lock !== null && streamed(mine).then(() => true))) return;
  } catch { /* a browser without locks asks */ }
  giveUp(mine);
}

// `then` is called at each event of this topology, and when there are no more; null: none is followed.
export function follow(topology, then) {
  if (current && current.topology === topology) return;
  if (current) drop(current);
  if (topology === null || performance.now() < notBefore) return;
  current = { topology, then, source: null, release: null, graph: null, figures: null, at: -Infinity };
  open(current);
}
export const isFresh = topology => current !== null && current.topology === topology && performance.now() - current.at < freshFor;
export const graphOf = async topology => isFresh(topology) ? current.graph : ask(topologyPath(topology, "graph"));
export const figuresOf = async topology => isFresh(topology) ? current.figures : ask(topologyPath(topology, "figures"));
