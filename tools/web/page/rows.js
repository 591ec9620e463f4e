// Views with rows, which need the token: what becomes of a record, the state of a key, rows as they pass.
import { tokenForm } from "./actions.js";
import { ask, hasShards, Refused, topologyPath, withDigits } from "./asking.js";
import { causes } from "./causes.js";
import { el, link, number, table, time } from "./elements.js";

const mostShown = 200; // rows of a tap

const outcome = { parsed: "good", passed: "good", counted: "good", given: "good", filtered: "warn", blank: "warn", late: "bad", late_at_shard: "bad", dead_letter: "bad" };
const json = row => el("pre", {}, JSON.stringify(row));

function field(label, name, value, more = {}) {
  const id = `field-${name}`;
  return el("div", { class: "field" }, el("label", { for: id }, label), el(more.rows ? "textarea" : "input", { id, name, autocomplete: "off", spellcheck: "false", ...more,
    ...(more.rows ? {} : { value }) }, more.rows ? value : null));
}
function choice(label, name, options, chosen) {
  const id = `field-${name}`;
  return el("div", { class: "field" }, el("label", { for: id }, label),
    el("select", { id, name }, options.map(o => el("option", { value: o, selected: o === chosen }, o))));
}

// A view that asks what its form says, and keeps form and answer until it is asked again.
function asking(fields, button, answer) {
  const form = el("form", {
    class: "asking", onsubmit: async event => {
      event.preventDefault();
      const form = event.target, out = form.nextElementSibling;
      try { out.replaceChildren(...(await answer(new FormData(form))).flat(2).filter(x => x)); }
      catch (e) { out.replaceChildren(e.status === 401 ? tokenForm(e, () => form.requestSubmit()) : el("p", { class: "box bad", role: "alert" }, e.message)); }
    }
  }, fields, el("button", {}, button));
  return [form, el("div", { role: "region", "aria-live": "polite", "aria-label": "The answer" })];
}

export async function record(topology, chosen) {
  const g = await ask(topologyPath(topology, "graph"));
  const stages = g.stages.filter(s => s.kind === "source" || s.kind === "parser").map(s => s.stage);
  return ["What becomes of a record?", asking([choice("Source or parser", "stage", stages, chosen), field("Record, as the source has it", "record", "", { rows: 4, required: true }),
    field("Partition, where one alone is to be judged", "partition", "")], "Ask", async form => {
    const body = { record: form.get("record"), ...(form.get("partition") ? { partition: form.get("partition") } : {}) };
    const t = await ask(topologyPath(topology, "stages", form.get("stage"), "trace"), { method: "POST", body: JSON.stringify(body) }, withDigits);
    return [table("Its way", [{ name: "From" }, { name: "Stage" }, { name: "Outcome" }, { name: "", wide: true }, { name: "Row", wide: true }],
      t.steps.map(s => [s.from, link(["t", topology, "stage", s.stage], s.stage), el("span", { class: `state ${outcome[s.code] ?? ""}` }, s.code.replaceAll("_", " ")), s.text,
        s.row === null ? "" : json(s.row)]), "No stage takes it.")];
  }), true];
}

// Shows what a window has of a key, and why the window gives nothing.
export const aboutKey = (topology, windows, chosen, button) => asking([choice("Window", "stage", windows, chosen),
  field("Key: a value, or of several columns a JSON list or object", "key", "")], button, async form => {
  const [name, wanted] = [form.get("stage"), form.get("key")];
  const [s, e] = await Promise.all([ask(`${topologyPath(topology, "stages", name, "state")}${wanted ? `?key=${encodeURIComponent(wanted)}` : ""}`, {}, withDigits),
    ask(topologyPath(topology, "stages", name, "explain"))]);
  return [el("p", { class: "box" }, `${s.summary}.`), table(`Its open windows, at ${s.shard} on ${s.node}`, [{ name: "Fires at" }, { name: "Row, as it stands", wide: true }, { name: "" }],
    [...s.windows.map(w => [time(w.fires_at), json(w.row), w.passing ? "" : "having turns it down"]), ...s.unformed.map(w => ["–", json(w.row), w.error])],
    "No window that is open has a record of this key."), el("p", { class: "box" }, e.summary), causes(e)];
});

export async function key(topology, chosen) {
  const g = await ask(topologyPath(topology, "graph"));
  const windows = g.stages.filter(s => hasShards(s.kind)).map(s => s.stage);
  if (windows.length === 0) return ["A key", [el("p", { class: "dim" }, "No window is there; windows alone have state by key.")], true];
  return ["The state of a key", aboutKey(topology, windows, chosen, "Look up"), true];
}

// One tap at a time: the edge that is looked at, where its next rows begin, and those that have come.
let tapped = { edge: null, after: "", rows: [], passed: 0, isOver: false };
export async function tap(topology, edge) {
  const g = await ask(topologyPath(topology, "graph"));
  const edges = g.edges.map(e => `${e.from}->${e.to}`);
  const shown = edge ?? edges[0];
  const links = el("p", { class: "row start" }, edges.map(e => {
    const a = link(["t", topology, "tap", e], e.replace("->", " → "));
    if (e === shown) a.setAttribute("aria-current", "page");
    return a;
  }));
  const named = `${topology}/${shown}`;
  if (tapped.edge !== named) tapped = { edge: named, after: "", rows: [], passed: 0, isOver: false };
  if (!tapped.isOver) {
    try {
      const t = await ask(`${topologyPath(topology, "edges", shown, "tap")}${tapped.after ? `?after=${encodeURIComponent(tapped.after)}` : ""}`, {}, withDigits);
      if (tapped.edge !== named) throw new Refused(0, "another edge is looked at");
      Object.assign(tapped, { after: t.next, passed: t.passed, isOver: t.over && tapped.after !== "", rows: [...t.rows.reverse(), ...tapped.rows].slice(0, mostShown) });
    } catch (e) { return ["Tap", [links, tokenForm(e)], true]; }
  }
  const again = el("button", { onclick: () => { tapped.edge = null; dispatchEvent(new Event("acted")); } }, "Turn it on again");
  return ["Tap", [links, tapped.isOver ? el("div", { class: "box warn" }, el("p", {}, "The tap was turned off: five minutes are over, or the topology is."), again)
    : el("p", { class: "dim" }, `${number(tapped.passed)} rows have passed; at most 50 a second are shown.`),
  table(`Rows on ${shown.replace("->", " → ")}, newest first`, [{ name: "Node" }, { name: "Passed at" }, { name: "Row", wide: true }],
    tapped.rows.map(r => [r.node, time(r.at), json(r.row)]), "None has passed yet.")]];
}
