// Views of a topology: each gives a title, its elements, and whether they stay as they are.
import { action, confirmed, tokenForm } from "./actions.js";
import { ask, hasShards, topologyPath } from "./asking.js";
import { causes, isCalm } from "./causes.js";
import { bytes, el, link, number, rate, seconds, state, table, time } from "./elements.js";
import { drawing } from "./graph.js";
import { figuresOf, graphOf, reasonOf } from "./live.js";
import { keeping } from "./patching.js";
import { figure, plotsNotice } from "./plot.js";
import { looked } from "./rates.js";
import { aboutKey } from "./rows.js";

const missing = names => names.length ? el("div", { class: "box warn" }, `Without ${names.join(", ")}, which did not answer.`) : null;

// What is wrong with a topology that runs, as the overview has it.
const standingOf = topology => ask("topologies").then(all => all.find(t => t.topology === topology));
const troubleLine = t => `Degraded: ${t.text}${t.since ? `, since ${t.since}` : ""}${t.node ? `, on ${t.node}` : ""}${t.error ? `: ${t.error}` : ""}${t.remedy ? `: ${t.remedy}` : ""}`;

export async function graph(topology) {
  const [g, f, listed] = await Promise.all([graphOf(topology), figuresOf(topology), standingOf(topology)]);
  const troubles = listed?.troubles ?? [];
  return [listed?.title ? `${topology}: ${listed.title}` : topology, [missing(g.missing), troubles.map(t => el("div", { class: "box bad" }, el("p", {}, troubleLine(t)))), g.how_it_ended ? el("div", { class: "box warn" }, el("p", {}, `${topology}: ${g.how_it_ended}.`), reasonOf(topology) ? el("p", {}, reasonOf(topology)) : null) : null,
    g.held_up_by ? el("div", { class: "box bad" }, el("p", {}, "Held up by ", link(["t", topology, "stage", g.held_up_by.stage], g.held_up_by.stage), `: ${g.held_up_by.words}.`)) : null,
    drawing(topology, g, f, looked(topology, f), new Set(troubles.map(t => t.stage))), table("Stages", [{ name: "Stage" }, { name: "Kind" }, { name: "State" }, { name: "Records", number: true }, { name: "Rate", number: true },
      { name: "Lag", number: true }, { name: "Watermark" }, { name: "Late", number: true }, { name: "Dead letters", number: true }],
      g.stages.map(s => [link(["t", topology, "stage", s.stage], s.stage), s.type === s.kind ? s.kind : `${s.kind} (${s.type})`, state(s.state),
        s.kind === "transform" ? "" : number(s.records), s.records_per_second === null ? "" : rate(s.records_per_second), s.kind !== "source" ? "" : s.lag === null ? "not known" : number(s.lag), time(s.watermark),
        number(s.late), number(s.dead_letters)]), "No stage is there.")]];
}

// A call to a target that can be watched; shorter ones come and go.
const isWatched = s => s.under_way_seconds !== null && s.under_way_seconds >= 1;
const underWay = s => state(s.pace === "usual" ? "under way" : s.pace);

export async function streaming(topology) {
  const [g, f] = await Promise.all([graphOf(topology), figuresOf(topology)]);
  const input = f.sources.reduce((sum, s) => sum + s.records_per_second, 0);
  const batches = f.sinks.flatMap(s => s.newest.map(b => ({ ...b, sink: s.sink }))).sort((a, b) => a.at < b.at ? 1 : -1).slice(0, 100);
  const lags = g.stages.filter(s => s.kind === "source").map(s => s.lag), queue = lags.length === 0 || lags.includes(null) ? null : lags.reduce((sum, n) => sum + n, 0);
  // What comes to a sink waits for its target to come back, or for the call to it that is under way.
  const delay = Math.max(0, ...f.sources.map(s => s.wait_seconds), ...f.sinks.map(s => s.away_seconds ?? s.under_way_seconds ?? 0)), processing = Math.max(0, ...f.sources.map(s => s.work_seconds));
  return ["Streaming", [plotsNotice(), missing(f.missing), el("div", { class: "figures" },
    figure("Streaming Input Rate", rate(input), `${topology}/input`, input),
    figure("Waiting in the source", queue === null ? "not known" : `${number(queue)} records`, `${topology}/queue`, queue),
    figure("Scheduling Delay", seconds(delay), `${topology}/delay`, delay * 1000),
    figure("Processing Time", seconds(processing), `${topology}/processing`, processing * 1000)),
    table("Individual batches: the last 100 of all sinks, newest first", [{ name: "Batch", number: true }, { name: "Sink" }, { name: "Committed" }, { name: "Rows", number: true },
      { name: "Scheduling Delay", number: true }, { name: "Processing Time", number: true }],
      [...f.sinks.filter(isWatched).map(s => ["", s.sink, underWay(s), "", "", seconds(s.under_way_seconds)]),
        ...batches.map(b => [number(b.batch), b.sink, time(b.at), number(b.rows), seconds(b.wait_seconds), seconds(b.commit_seconds)])], "No batch with rows has been committed yet.")]];
}

export async function stage(topology, name) {
  const [f, e, g] = await Promise.all([ask(topologyPath(topology, "stages", name)), ask(topologyPath(topology, "stages", name, "explain")), graphOf(topology)]);
  const own = g.stages.find(s => s.stage === name);
  const rates = own && own.records_per_second !== null ? [figure("Records a second", rate(own.records_per_second), `${topology}/${name}/rate`, own.records_per_second)] : [];
  if (own?.kind === "source") rates.push(figure("Records that wait in the source", own.lag === null ? "not known" : number(own.lag), `${topology}/${name}/lag`, own.lag));
  if (f.shards.length) {
    const held = f.shards.reduce((sum, s) => sum + s.retained_bytes, 0), state = f.shards.reduce((sum, s) => sum + s.bytes, 0);
    rates.push(figure("State in memory", bytes(state), `${topology}/${name}/state`, state), figure("Output that receivers have not acknowledged", bytes(held), `${topology}/${name}/held`, held));
  }
  const out = [missing(f.missing), el("p", { class: "box" }, e.summary), causes(e)];
  if (["parser", "sink"].includes(e.kind) || hasShards(e.kind))
    out.push(el("div", { class: "row start" }, action("Restart", name, topologyPath(topology, "stages", name, "restart")),
      hasShards(e.kind) ? link(["t", topology, "key", name], "Look up a key") : null,
      e.kind === "parser" ? link(["t", topology, "record", name], "What becomes of a record?") : null));
  if (e.kind === "source") out.push(el("p", {}, link(["t", topology, "record", name], "What becomes of a record?")));
  if (rates.length) out.push(el("div", { class: "figures" }, rates));
  if (f.lanes.length)
    out.push(table("Partitions", [{ name: "Partition" }, { name: "Lane" }, { name: "Node" }, { name: "Watermark" }, { name: "Last record", number: true },
      { name: "Lag", number: true }, { name: "State" }], f.lanes.flatMap(l => l.partitions.map(p => [p.partition, l.lane, l.node, time(p.watermark),
        p.quiet_seconds === null ? "–" : `${seconds(p.quiet_seconds)} ago`, p.lag === null ? "not known" : number(p.lag), l.waits_for ? `waits for ${l.waits_for}` : l.away ? "source away" : l.paused ? state("paused") : p.held_by ? `waits for ${p.held_by}` : !p.open ? "starts" :
          p.watermark === "end" ? "ended" : p.idle ? "idle" : p.caught_up ? "caught up" : "reads"])), "No partition is there."));
  if (f.shards.length)
    out.push(table("Shards", [{ name: "Shard" }, { name: "Node" }, { name: "Fired up to" }, { name: "Next window ends" }, { name: "Rate", number: true }, { name: "Busy", number: true }, { name: "Open", number: true },
      { name: "Keys", number: true }, { name: "State", number: true }, { name: "Retained", number: true }, { name: "Spilled", number: true }, { name: "Rows", number: true }],
      f.shards.map(s => [s.shard, s.node, time(s.fired), time(s.next_end), rate(s.records_per_second), `${Math.round(s.busy * 100)} %`, number(s.windows_open), number(s.keys), bytes(s.bytes), bytes(s.retained_bytes),
        bytes(s.spilled_bytes), number(s.rows)]), "No shard is there."));
  for (const s of f.sinks)
    out.push(el("p", {}, `${number(s.rows)} rows in ${number(s.commits)} commits, ${number(s.refused)} refused, by the process at ${s.node} since it has the sink`),
      isWatched(s) ? el("p", {}, underWay(s), ` A call to the target has taken ${seconds(s.under_way_seconds)} so far${s.usual_seconds === null ? "" : `; a commit usually takes ${seconds(s.usual_seconds)}`}.`) : null,
      table("The newest commits with rows", [{ name: "Batch", number: true }, { name: "Committed" }, { name: "Rows", number: true }, { name: "Scheduling Delay", number: true },
        { name: "Processing Time", number: true }], [...s.newest].reverse().map(b => [number(b.batch), time(b.at), number(b.rows), seconds(b.wait_seconds),
          seconds(b.commit_seconds)]), "None yet."));
  return [name, out];
}

// The question for a key, which keeps what was typed and answered while its view is shown.
let asked = { of: null, element: null };
function keyQuestion(topology, windows) {
  if (windows.length === 0) return null;
  const of = JSON.stringify([topology, windows]);
  if (asked.of !== of || !asked.element.isConnected)
    asked = { of, element: el("div", {}, el("h2", {}, "One key of a window"), aboutKey(topology, windows, null, "Ask")) };
  return keeping(asked.element);
}

export async function silent(topology) {
  const g = await graphOf(topology);
  const all = await Promise.all(g.stages.filter(s => s.kind !== "transform").map(s => ask(topologyPath(topology, "stages", s.stage, "explain"))));
  // A cause is told once, where its remedy is known first, and not once more for each stage downstream.
  const told = new Map();
  for (const c of all.flatMap(e => e.causes))
    if (!told.has(c.text) || (told.get(c.text).remedy === "" && c.remedy !== "")) told.set(c.text, c);
  // The question comes first: what follows changes its height while somebody clicks.
  return ["Why silent?", [keyQuestion(topology, g.stages.filter(s => hasShards(s.kind)).map(s => s.stage)),
    all.map(e => {
      const own = e.causes.filter(c => told.get(c.text) === c);
      return [el("h2", {}, link(["t", topology, "stage", e.stage], e.stage)), el("p", { class: e.waiting && !e.causes.every(isCalm) ? "state warn" : "" }, e.summary), causes(e, own)];
    })]];
}

export async function ledger(topology) {
  const l = await ask(topologyPath(topology, "ledger"));
  return ["Ledger", [el("p", { class: `box ${l.holds ? "" : l.holds === null ? "warn" : "bad"}` }, l.holds === null ? `Incomplete: ${l.incomplete.join(", ")}.`
    : l.holds ? "in = out + filtered + late + dead letters + in flight holds for every stage." : "The equation of a stage does not hold."),
    table("Ledger", [{ name: "Stage" }, ...["In", "Out", "Filtered", "Late", "Dead letters", "In flight"].map(name => ({ name, number: true })), { name: "" }],
      l.stages.map(s => [s.stage, number(s.in), number(s.out), number(s.filtered), number(s.late), number(s.dead_letters), number(s.in_flight),
        s.holds === null ? "incomplete" : s.holds ? "" : state("failed")]), "No stage is there.")]];
}

const mostLetters = 200, mostBytes = 4e6; // that are asked for and shown
// The newest ones, and whether there are more.
async function newestLetters(topology) {
  const out = [];
  let page = "", isMore = true;
  for (let size = 0; isMore && out.length < mostLetters && size < mostBytes;) {
    const part = await ask(`${topologyPath(topology, "dead_letters", "newest")}${page}`);
    out.push(...part.letters);
    size += JSON.stringify(part.letters).length;
    isMore = part.next !== null;
    page = `?page=${part.next}`;
  }
  return { letters: out.slice(0, mostLetters), isMore: isMore || out.length > mostLetters };
}

// Words for what a replay has done.
function replayed(r) {
  const lines = (all, more) => all.map(x => el("li", {}, `${number(x.letters)}: ${x.why}${more}`));
  return el("ul", {}, el("li", {}, `${number(r.replayed)} went in${r.replayed && !r.taken_now ? "; they are taken when the topology runs the next time" : ""}`),
    r.before ? el("li", {}, `${number(r.before)} had gone in before, and are passed over`) : null, lines(r.left, ""), lines(r.elsewhere, " (elsewhere)"),
    r.over ? null : el("li", {}, "There are more, or it is under way: ask again."));
}

export async function letters(topology) {
  try {
    const [counts, newest, g] = await Promise.all([ask(topologyPath(topology, "dead_letters", "counts")), newestLetters(topology),
      ask(topologyPath(topology, "graph"))]);
    const into = el("select", { id: "field-into", name: "into" }, g.stages.filter(s => s.kind === "source" || s.kind === "parser").map(s => el("option", { value: s.stage }, s.stage)));
    return ["Dead letters", [
      counts.letters === 0 ? null : el("form", { class: "asking", onsubmit: event => {
        event.preventDefault();
        confirmed("Replay", topology, topologyPath(topology, "replay"), { body: { into: new FormData(event.target).get("into") }, told: replayed });
      } }, el("div", { class: "field" }, el("label", { for: "field-into" }, "Records go in again at"), into), el("button", { class: "act" }, "Replay")),
      table(`By stage and error${counts.all ? "" : ", of the newest"}`, [{ name: "Stage" }, { name: "Letters", number: true }, { name: "Replayed", number: true }, { name: "Newest" }, { name: "Error", wide: true }],
        counts.by_error.map(x => [link(["t", topology, "stage", x.stage], x.stage), number(x.letters), number(x.replayed), time(x.time), x.error || "all others"]), "There are none."),
      newest.isMore ? el("p", { class: "dim" }, `Older ones are kept, too; “millrace letters ${topology}” prints all.`) : null,
      counts.letters === 0 ? null : table("The newest", [{ name: "Time" }, { name: "Stage" }, { name: "Partition" }, { name: "Position", number: true }, { name: "Replayed" }, { name: "Error", wide: true }, { name: "Record", wide: true }],
        newest.letters.map(x => [time(x.time), x.stage, x.partition, number(x.position), x.replayed ? "replayed" : "", x.error, el("pre", {}, x.record ?? x.record_base64 ?? "")]), "There are none.")], true];
  } catch (e) {
    return ["Dead letters", [tokenForm(e)], true];
  }
}
