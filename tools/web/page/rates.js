// Computes how many records pass each second and how busy stages are, from counters of the last ten seconds of looks.
const over = 10000;  // ms
const mostLooks = 30;
let of = null;       // the topology that the looks are of
let looks = [];      // { at, figures }, oldest first

const sum = (all, of) => all.reduce((n, x) => n + of(x), 0);

// Shares of the time, 0 to 1: a parser works as its lanes do, a window as its shards do, a sink while it commits.
function busy(then, now, elapsed) {
  const out = new Map();
  for (const parser of new Set(now.lanes.map(l => l.parser))) {
    const before = new Map(then.lanes.map(l => [l.lane, l.work_seconds]));
    const lanes = now.lanes.filter(l => l.parser === parser && before.has(l.lane));
    // A lane that began anew has less work than before: it says nothing yet.
    if (lanes.length) out.set(parser, sum(lanes, l => Math.max(0, l.work_seconds - before.get(l.lane))) / lanes.length / elapsed);
  }
  // A window is as busy as its busiest shard: that one holds the others up.
  for (const s of now.shards) out.set(s.window, Math.max(out.get(s.window) ?? 0, s.busy));
  for (const s of now.sinks) {
    const since = Date.parse(now.at) - elapsed * 1000;
    out.set(s.sink, Math.min(1, (sum(s.newest.filter(b => Date.parse(b.at) > since), b => b.commit_seconds) + (s.under_way_seconds ?? 0)) / elapsed));
  }
  return out;
}

// The share of the looks in which somebody waited: lanes for credit, shards for room for their output.
function backpressured(all) {
  const out = new Map();
  for (const { figures } of all) {
    for (const parser of new Set(figures.lanes.filter(l => l.partitions.some(p => p.held_by)).map(l => l.parser)))
      out.set(parser, (out.get(parser) ?? 0) + 1 / all.length);
    for (const window of new Set(figures.shards.filter(s => s.stalled).map(s => s.window)))
      out.set(window, (out.get(window) ?? 0) + 1 / all.length);
  }
  return out;
}

// Adds a look. Gives `passed`, rates by stage ({ in, out }; null before the second look), `busy` and `backpressured`, shares by stage where they are known.
export function looked(topology, figures, now = performance.now()) {
  if (of !== topology) looks = [];
  of = topology;
  if (looks.at(-1)?.figures.at !== figures.at) looks.push({ at: now, figures }); // else they are shown once more
  // The first one is the newest that is old enough.
  while (looks.length > 2 && (now - looks[1].at >= over || looks.length > mostLooks)) looks.shift();
  const { at, figures: then } = looks[0], elapsed = (looks.at(-1).at - at) / 1000;
  if (elapsed < 0.5) return { passed: null, busy: new Map(), backpressured: backpressured(looks) };
  const passed = new Map();
  // A stage that has taken nothing yet is not in `flow`.
  for (const [stage, { in: came, out }] of Object.entries(figures.flow)) {
    const before = then.flow[stage] ?? { in: 0, out: 0 };
    // Counters begin anew with their process: what they have lost is not known.
    const isAnew = came < before.in || out < before.out;
    passed.set(stage, isAnew ? { in: null, out: null } : { in: (came - before.in) / elapsed, out: (out - before.out) / elapsed });
  }
  return { passed, busy: busy(then, figures, elapsed), backpressured: backpressured(looks) };
}

export const isLate = from => /\.late(_left|_right)?$/.test(from);

// Records or rows a second on an edge. A stage that is read by several gives each of them all; one that reads several cannot say of which.
export function rateOf(edge, g, figures, passed) {
  if (isLate(edge.from)) return null;
  const source = figures.sources.find(s => s.source === edge.from);
  if (source) return source.records_per_second;
  if (passed === null) return null;
  const nothing = { in: 0, out: 0 };
  return g.edges.filter(e => e.to === edge.to).length === 1 ? (passed.get(edge.to) ?? nothing).in : (passed.get(edge.from) ?? nothing).out;
}
