// All topologies with what they do and who holds them up, and the nodes.
import { action, confirmed, tokenForm } from "./actions.js";
import { Refused, ask, token, topologyPath } from "./asking.js";
import { el, link, number, rate, seconds, state, table, time } from "./elements.js";

const asksAtOnce = 10;     // topologies a look whose graph is asked for: with more of them the others have the one before
const graphs = new Map();  // by topology: { graph, at }; graph is null where there was no answer

async function look(names) {
  for (const name of graphs.keys()) if (!names.includes(name)) graphs.delete(name);
  const since = name => graphs.get(name)?.at ?? -Infinity;
  await Promise.all([...names].sort((a, b) => since(a) - since(b)).slice(0, asksAtOnce).map(async name => {
    const graph = await ask(topologyPath(name, "graph")).catch(() => null);
    graphs.set(name, { graph, at: performance.now() });
  }));
}

const sum = all => all.reduce((n, x) => n + x, 0);
const rateOf = g => rate(sum(g.stages.map(s => s.records_per_second ?? 0)));

// How many records are there and not yet read, if all sources know; else how far the last watermark is behind the clock.
function lagOf(g) {
  const lags = g.stages.filter(s => s.kind === "source").map(s => s.lag);
  if (lags.length && !lags.includes(null)) return `${number(sum(lags))} records`;
  const marks = g.stages.filter(s => s.state !== "idle").map(s => Date.parse(s.watermark)).filter(t => !Number.isNaN(t));
  if (marks.length === 0) return "not known";
  const behind = (Date.now() - Math.min(...marks)) / 1000;
  return behind < 1 ? "none" : `watermark ${seconds(behind)} behind`;
}
const isPaused = (t, g) => t.reason.startsWith("it is paused") || g?.stages.some(s => s.state === "paused");

const sinceOf = t => {
  const since = t.ended_at ?? t.troubles.map(x => x.since).filter(x => x !== null).sort()[0];
  return since === undefined || since === null ? "" : time(since);
};

function row(t, isCluster) {
  const isRunning = t.state === "running", g = isRunning ? graphs.get(t.topology)?.graph : null;
  const paused = isRunning && isPaused(t, g);
  return [el("span", {}, link(["t", t.topology], t.topology), t.title ? ` ${t.title}` : null), state(paused ? "paused" : t.troubles.length ? "degraded" : t.state), sinceOf(t), g ? rateOf(g) : "", g ? lagOf(g) : "",
    g?.held_up_by ? link(["t", t.topology, "stage", g.held_up_by.stage], g.held_up_by.stage) : "", t.reason,
    el("div", { class: "row" },
      isRunning && !paused && t.reason !== "it is stopping" ? action("Pause", t.topology, topologyPath(t.topology, "pause")) : null,
      paused ? action("Resume", t.topology, topologyPath(t.topology, "resume")) : null,
      isRunning ? action("Stop", t.topology, topologyPath(t.topology, "stop")) : null,
      isCluster && ["stopped", "failed"].includes(t.state) ? action("Start", t.topology, topologyPath(t.topology, "start")) : null,
      isCluster && ["ended", "stopped", "failed"].includes(t.state)
        ? action("Remove", t.topology, topologyPath(t.topology, "remove"), "Its state and its dead letters go with it, and do not come back.") : null)];
}

const mostEvents = 20, mostOfTopology = 1000;
const eventRows = all => [...all].reverse().map(e => [time(e.at), e.weight === "info" ? e.kind : el("span", { class: e.weight === "error" ? "state bad" : "state warn" }, e.kind),
  e.through ? `${e.text} (asked for through the API of ${e.through})` : e.text]);
const eventTable = (caption, all) => table(caption, [{ name: "Time" }, { name: "Kind" }, { name: "Event", wide: true }], eventRows(all), "There are none.");

// The newest, where the token is there.
async function newest() {
  if (!token()) return el("p", { class: "dim" }, "Events are shown with the token; “millrace events” prints them.");
  return ask(`events?newest=${mostEvents}`).then(h => eventTable("Events: the newest", h.events), e => el("p", { class: "dim" }, `Events: ${e.message}`));
}
export async function events(topology) {
  try {
    const h = await ask(`events?newest=${mostOfTopology}`);
    return ["Events", [eventTable("Events of this topology, newest first", h.events.filter(e => e.topology === topology))]];
  } catch (e) {
    if (!(e instanceof Refused) || e.status !== 401) throw e;
    return ["Events", [tokenForm(e)], true];
  }
}

// Those that run and those that are over stand apart, as a master's page has them.
function topologyTables(all, isCluster) {
  const columns = [{ name: "Topology" }, { name: "State" }, { name: "Since" }, { name: "Rate", number: true }, { name: "Lag", number: true }, { name: "Held up by" }, { name: "Reason", wide: true }, { name: "" }];
  const over = all.filter(t => t.state !== "running");
  return [table("Running topologies", columns, all.filter(t => t.state === "running").map(t => row(t, isCluster)), all.length ? "No topology runs." : "No topology is there."),
    over.length ? table("Completed topologies", columns, over.map(t => row(t, isCluster)), "") : null];
}

const nodePath = (name, what) => `nodes/${encodeURIComponent(name)}/${what}`;
const drain = name => el("button", { class: "act", onclick: () => confirmed("Drain", name, nodePath(name, "drain"), { told: staying }) }, "Drain");

// The sentence on what a drain leaves where it is; null where it leaves nothing.
const staying = answer => answer.stays.length === 0 ? null
  : el("div", {}, el("p", {}, "It hands over what it runs except these, which stay and wait for it when it ends:"),
    el("ul", {}, answer.stays.map(s => el("li", {}, `${s.actor}: ${s.why}; ${s.release}`))));

export async function overview() {
  const [topologies, nodes, status, happened] = await Promise.all([ask("topologies"), ask("nodes"), ask("status"), newest()]);
  await look(topologies.filter(t => t.state === "running").map(t => t.topology));
  return ["Overview", [
    ...topologyTables(topologies, status.cluster !== ""),
    table("Nodes", [{ name: "Node" }, { name: "State" }, { name: "Role" }, { name: "Actors", number: true }, { name: "Topologies" }, { name: "" }],
      nodes.map(n => [n.name, state(n.state), n.coordinator ? "coordinator" : "", number(n.actors.length),
        [...new Set(n.actors.map(a => a.split("/")[0]))].join(", "),
        nodes.length > 1 && n.state === "up" ? drain(n.name)
          : status.cluster !== "" && ["draining", "drained"].includes(n.state) ? action("Undrain", n.name, nodePath(n.name, "undrain")) : ""]), "No node is there."),
    happened]];
}
