// Receives the figures of a topology, each second, by server-sent events; if there is no stream, views ask for them.
import { ask, authorization, token, topologyPath } from "./asking.js";
import { eventReader, pauseAfter } from "./events.js";

const freshFor = 3000;     // ms: what is older is asked for
// A browser has six connections to a server for all its pages together, and streams hold theirs. So three pages have streams, and the other ones ask.
const slots = ["stream 1", "stream 2", "stream 3"];

let current = null;        // { topology, token, then, stop, graph, figures, at }
let failures = 0, notBefore = 0;
let ended = null;          // how a topology has ended, as its stream has told: { topology, state, reason }

function drop(mine) {
  mine.stop.abort();
  if (current === mine) current = null;
}
function giveUp(mine) {
  if (current !== mine) return;
  notBefore = performance.now() + pauseAfter(++failures);
  drop(mine);
  mine.then();
}

const take = {
  graph: (mine, data) => { mine.graph = data; },
  figures: (mine, data) => {
    mine.figures = data;
    mine.at = performance.now();
    failures = 0;
    mine.then();
  },
  // A topology that is over ends each stream at once: only after a while it may have started again.
  end: (_, data) => { ended = data; failures = 9; }
};

// Settles when the stream is over: it was refused or cut off, the server has failed, or the topology is over. A question tells which.
async function streamed(mine) {
  const answer = await fetch(`/api/v1/${topologyPath(mine.topology, "events")}?figures=1`,
    { headers: authorization(), cache: "no-store", redirect: "error", signal: mine.stop.signal });
  if (!answer.ok) return;
  const read = eventReader((name, data) => { if (current === mine) take[name]?.(mine, JSON.parse(data)); });
  const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await pieces.read();
    if (done) return;
    read(value);
  }
}

async function open(mine) {
  try {
    for (const slot of slots)
      if (await navigator.locks.request(slot, { ifAvailable: true }, lock => lock !== null && streamed(mine).then(() => true))) break;
  } catch { /* cut off; a browser without locks asks */ }
  giveUp(mine);
}

// `then` is called at each event of this topology, and when there are no more; null: none is followed.
export function follow(topology, then) {
  if (current && current.topology === topology && current.token === token()) return;
  if (current) drop(current);
  if (topology === null || performance.now() < notBefore) return;
  current = { topology, token: token(), then, stop: new AbortController(), graph: null, figures: null, at: -Infinity };
  open(current);
}
// Whoever has given a token is told more: the next stream need not wait.
addEventListener("token", () => { failures = notBefore = 0; });

export const isFresh = topology => current !== null && current.topology === topology && performance.now() - current.at < freshFor;
export const graphOf = async topology => isFresh(topology) ? current.graph : ask(topologyPath(topology, "graph"));
export const figuresOf = async topology => isFresh(topology) ? current.figures : ask(topologyPath(topology, "figures"));
// Why the topology is over; empty: it is not known.
export const reasonOf = topology => ended?.topology === topology ? ended.reason : "";
