// The page: a client of the API that millrace serves, and of nothing else. What comes from others (names, records, errors) becomes
// text nodes and attributes, never HTML.
const every = 1000;        // ms between two looks
const historyLength = 300; // looks that plots keep
const main = document.getElementById("main");
const standing = document.getElementById("state");
const history = new Map(); // by series: [values]

// --- the token, which actions and records need: from the URL once, then of this tab alone
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  sessionStorage.setItem("token", given);
  window.history.replaceState(null, "", location.pathname + "#/");
}
const token = () => sessionStorage.getItem("token") || "";

// --- elements
function el(name, attributes = {}, ...children) {
  const svg = ["svg", "g", "rect", "path", "text", "polyline", "title", "tspan"].includes(name) || attributes.isSvg;
  const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "isSvg" || value === undefined || value === null || value === false) continue;
    if (key === "onclick" || key === "onsubmit") e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat())
    if (child !== null && child !== undefined) e.append(child instanceof Node ? child : String(child));
  return e;
}

const integers = new Intl.NumberFormat("en");
const number = n => n === null || n === undefined ? "–" : integers.format(n);
const rate = n => n === null || n === undefined ? "–" : `${n < 10 ? n.toFixed(1) : integers.format(Math.round(n))}/s`;
function seconds(s) {
  if (s === null || s === undefined) return "–";
  if (s < 1) return `${(s * 1000).toFixed(s < 0.01 ? 1 : 0)} ms`;
  if (s < 120) return `${s.toFixed(1)} s`;
  return s < 7200 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`;
}
function bytes(n) {
  for (const [size, unit] of [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]])
    if (n >= size) return `${(n / size).toFixed(1)} ${unit}`;
  return `${n} B`;
}
const time = t => t ?? "–";

function table(caption, columns, rows, empty) {
  if (rows.length === 0) return el("p", { class: "dim" }, empty);
  const head = columns.map(c => el("th", { scope: "col", class: c.number ? "number" : null }, c.name));
  const body = rows.map(row => el("tr", {}, row.map((cell, i) =>
    el("td", { class: columns[i].number ? "number" : columns[i].wide ? "wide" : null }, cell))));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
}
const states = { runs: "good", running: "good", up: "good", ended: "good", drained: "good", stopped: "warn", waits: "warn", starts: "warn",
  silent: "bad", draining: "warn", away: "bad", stalled: "bad", failed: "bad" };
const state = s => el("span", { class: `state ${states[s] ?? ""}` }, s);
const link = (to, text) => el("a", { href: `#/${to.map(encodeURIComponent).join("/")}` }, text);

// --- asking
class Refused extends Error {
  constructor(status, words) { super(words); this.status = status; }
}
async function ask(path, options = {}) {
  const headers = { ...(options.headers ?? {}) };
  if (token()) headers.Authorization = `Bearer ${token()}`;
  const answer = await fetch(`/api/v1/${path}`, { ...options, headers, cache: "no-store", redirect: "error" });
  const body = await answer.text();
  let json = null;
  try { json = JSON.parse(body); } catch { /* told below */ }
  if (!answer.ok) throw new Refused(answer.status, json?.error?.message ?? `status ${answer.status}`);
  if (json === null) throw new Refused(answer.status, "the answer is no JSON");
  return json;
}
const topologyPath = (name, ...rest) => ["topologies", encodeURIComponent(name), ...rest.map(encodeURIComponent)].join("/");

// --- actions, each confirmed by the name
function confirmed(what, name, path) {
  const dialog = document.getElementById("dialog");
  const wrong = el("p", { class: "state bad", role: "alert" });
  const input = el("input", { name: "confirm", autocomplete: "off", "aria-label": `Type ${name} to confirm` });
  const key = el("input", { name: "token", autocomplete: "off", type: "password", "aria-label": "Token, from the file token of the state folder" });
  const form = el("form", {
    method: "dialog", onsubmit: async event => {
      event.preventDefault();
      if (input.value !== name) { wrong.textContent = `“${input.value}” is not “${name}”: nothing was done.`; return; }
      if (key.value) sessionStorage.setItem("token", key.value);
      try {
        await ask(path, { method: "POST", headers: { "X-Millrace-Action": "yes" }, body: JSON.stringify({ confirm: name }) });
        dialog.close();
        look();
      } catch (e) { wrong.textContent = e.message; }
    }
  },
    el("h2", { id: "dialog-title" }, `${what} ${name}?`), el("p", {}, `Type its name to confirm.`), input,
    token() ? null : [el("p", {}, "An action needs the token, which is in the file “token” of the state folder."), key], wrong,
    el("div", { class: "row" }, el("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), el("button", { class: "act" }, what)));
  dialog.replaceChildren(form);
  dialog.showModal();
}
const action = (what, name, path) => el("button", { class: "act", onclick: () => confirmed(what, name, path) }, what);

// --- views: each gives a title and elements
async function overview() {
  const [topologies, nodes] = await Promise.all([ask("topologies"), ask("nodes")]);
  return ["Overview", [
    table("Topologies", [{ name: "Topology" }, { name: "State" }, { name: "Reason", wide: true }, { name: "" }],
      topologies.map(t => [link(["t", t.topology], t.topology), state(t.state), t.reason,
        t.state === "running" ? action("Stop", t.topology, topologyPath(t.topology, "stop")) : ""]), "No topology is there."),
    table("Nodes", [{ name: "Node" }, { name: "State" }, { name: "Role" }, { name: "Actors", number: true }, { name: "Topologies" }, { name: "" }],
      nodes.map(n => [n.name, state(n.state), n.coordinator ? "coordinator" : "", number(n.actors.length),
        [...new Set(n.actors.map(a => a.split("/")[0]))].join(", "),
        nodes.length > 1 && n.state === "up" ? action("Drain", n.name, `nodes/${encodeURIComponent(n.name)}/drain`) : ""]), "No node is there.")]];
}

const missing = names => names.length ? el("div", { class: "box warn" }, `Without ${names.join(", ")}, which did not answer.`) : null;

// Stages in columns by their distance from the sources.
function drawing(topology, g) {
  const level = new Map();
  for (const s of g.stages)
    level.set(s.stage, Math.max(0, ...g.edges.filter(e => e.to === s.stage).map(e => (level.get(e.from.replace(/\.late$/, "")) ?? -1) + 1)));
  const rows = new Map(), place = new Map();
  const width = 180, height = 62, gapX = 36, gapY = 18;
  for (const s of g.stages) {
    const column = level.get(s.stage), row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    place.set(s.stage, [10 + column * (width + gapX), 10 + row * (height + gapY)]);
  }
  const w = 20 + (Math.max(...level.values()) + 1) * (width + gapX) - gapX, h = 20 + Math.max(...rows.values()) * (height + gapY) - gapY;
  const culprit = g.held_up_by?.stage;
  const edges = g.edges.map(e => {
    const [x0, y0] = place.get(e.from.replace(/\.late$/, "")), [x1, y1] = place.get(e.to);
    const from = [x0 + width, y0 + height / 2], to = [x1, y1 + height / 2], middle = (from[0] + to[0]) / 2;
    return el("path", { class: e.held_bytes > 0 && e.to === culprit ? "held" : null, d: `M${from} C${middle},${from[1]} ${middle},${to[1]} ${to}` },
      el("title", {}, `${e.from} → ${e.to}: ${bytes(e.held_bytes)} held`));
  });
  const cut = text => text.length > 24 ? `${text.slice(0, 23)}…` : text;
  const boxes = g.stages.map(s => {
    const [x, y] = place.get(s.stage);
    const figure = s.kind === "transform" ? "" : s.records_per_second !== null ? rate(s.records_per_second) : `${number(s.records)} records`;
    const a = el("a", { isSvg: true, href: `#/t/${encodeURIComponent(topology)}/stage/${encodeURIComponent(s.stage)}`,
      class: s.stage === culprit ? "held" : ["waits", "stalled", "away", "starts"].includes(s.state) ? "waits" : null,
      "aria-label": `${s.stage}, ${s.kind}, ${s.state}` },
      el("rect", { x, y, width, height, rx: 6 }), el("text", { x: x + 10, y: y + 20 }, cut(s.stage)),
      el("text", { class: "small", x: x + 10, y: y + 37 }, cut(`${s.type} · ${s.state}`)),
      el("text", { class: "small", x: x + 10, y: y + 53 }, cut(figure)));
    return a;
  });
  return el("div", { class: "graph", tabindex: "0", role: "region", "aria-label": "Graph of the stages" },
    el("svg", { viewBox: `0 0 ${w} ${h}`, width: w, height: h }, edges, boxes));
}

async function graph(topology) {
  const g = await ask(topologyPath(topology, "graph"));
  return [topology, [missing(g.missing),
    g.held_up_by ? el("div", { class: "box bad" }, el("p", {}, "Held up by ", link(["t", topology, "stage", g.held_up_by.stage], g.held_up_by.stage), `: ${g.held_up_by.words}.`)) : null,
    drawing(topology, g), table("Stages", [{ name: "Stage" }, { name: "Kind" }, { name: "State" }, { name: "Records", number: true }, { name: "Rate", number: true },
      { name: "Lag", number: true }, { name: "Watermark" }, { name: "Late", number: true }, { name: "Dead letters", number: true }],
      g.stages.map(s => [link(["t", topology, "stage", s.stage], s.stage), s.type === s.kind ? s.kind : `${s.kind} (${s.type})`, state(s.state),
        s.kind === "transform" ? "" : number(s.records), s.records_per_second === null ? "" : rate(s.records_per_second), s.lag === null ? "" : number(s.lag), time(s.watermark),
        number(s.late), number(s.dead_letters)]), "No stage is there.")]];
}

// A plot of the looks so far, from zero to their greatest value.
function plot(series, value, words) {
  const values = history.get(series) ?? [];
  values.push(value);
  if (values.length > historyLength) values.shift();
  history.set(series, values);
  const most = Math.max(...values, 1e-9);
  const points = values.map((v, i) => `${(i / Math.max(values.length - 1, 1) * 100).toFixed(2)},${(29 - v / most * 28).toFixed(2)}`).join(" ");
  return el("svg", { viewBox: "0 0 100 30", preserveAspectRatio: "none", role: "img", "aria-label": `${words} over the last ${values.length} s` },
    el("polyline", { class: "plot", points }));
}
const figure = (name, value, series, n) => el("div", { class: "figure" }, el("h2", {}, name), el("div", { class: "value" }, value), plot(series, n, name));

async function streaming(topology) {
  const f = await ask(topologyPath(topology, "figures"));
  const input = f.sources.reduce((sum, s) => sum + s.records_per_second, 0);
  const batches = f.sinks.flatMap(s => s.newest.map(b => ({ ...b, sink: s.sink }))).sort((a, b) => a.at < b.at ? 1 : -1).slice(0, 100);
  const lags = f.lanes.map(l => l.lag), queue = lags.length === 0 || lags.includes(null) ? null : lags.reduce((sum, n) => sum + n, 0);
  const delay = Math.max(0, ...f.sources.map(s => s.wait_seconds)), processing = Math.max(0, ...f.sources.map(s => s.work_seconds));
  return ["Streaming", [missing(f.missing), el("div", { class: "figures" },
    figure("Streaming Input Rate", rate(input), `${topology}/input`, input),
    figure("Waiting in the source", queue === null ? "not known" : `${number(queue)} records`, `${topology}/queue`, queue ?? 0),
    figure("Scheduling Delay", seconds(delay), `${topology}/delay`, delay),
    figure("Processing Time", seconds(processing), `${topology}/processing`, processing)),
    table("Individual batches: the last 100 of all sinks, newest first", [{ name: "Batch", number: true }, { name: "Sink" }, { name: "Committed" }, { name: "Rows", number: true },
      { name: "Scheduling Delay", number: true }, { name: "Processing Time", number: true }],
      batches.map(b => [number(b.batch), b.sink, time(b.at), number(b.rows), seconds(b.wait_seconds), seconds(b.commit_seconds)]), "No batch with rows has been committed yet.")]];
}

// A window that fills as records come, and records that were lost, ask nobody to do anything.
const isCalm = c => ["behind", "on_its_way", "late", "dead_letters"].includes(c.code);
const causes = e => e.causes.map(c => el("div", { class: `box ${e.waiting && !isCalm(c) ? "warn" : ""}` },
  el("p", {}, `${c.text} `, el("span", { class: "dim" }, `(${c.code})`)), c.remedy ? el("p", { class: "dim" }, c.remedy) : null));

async function stage(topology, name) {
  const [f, e] = await Promise.all([ask(topologyPath(topology, "stages", name)), ask(topologyPath(topology, "stages", name, "explain"))]);
  const out = [missing(f.missing), el("p", { class: "box" }, e.summary), causes(e)];
  if (f.lanes.length)
    out.push(table("Partitions", [{ name: "Partition" }, { name: "Lane" }, { name: "Node" }, { name: "Watermark" }, { name: "Last record", number: true },
      { name: "State" }], f.lanes.flatMap(l => l.partitions.map(p => [p.partition, l.lane, l.node, time(p.watermark),
        p.quiet_seconds === null ? "–" : `${seconds(p.quiet_seconds)} ago`, l.away ? "source away" : p.held_by ? `waits for ${p.held_by}` : !p.open ? "starts" :
          p.watermark === "end" ? "ended" : p.idle ? "idle" : p.caught_up ? "caught up" : "reads"])), "No partition is there."));
  if (f.shards.length)
    out.push(table("Shards", [{ name: "Shard" }, { name: "Node" }, { name: "Fired up to" }, { name: "Next window ends" }, { name: "Open", number: true },
      { name: "Keys", number: true }, { name: "State", number: true }, { name: "Retained", number: true }, { name: "Spilled", number: true }, { name: "Rows", number: true }],
      f.shards.map(s => [s.shard, s.node, time(s.fired), time(s.next_end), number(s.windows_open), number(s.keys), bytes(s.bytes), bytes(s.retained_bytes),
        bytes(s.spilled_bytes), number(s.rows)]), "No shard is there."));
  for (const s of f.sinks)
    out.push(el("p", {}, `${number(s.rows)} rows in ${number(s.commits)} commits, ${number(s.refused)} refused, at ${s.node}`),
      table("The newest commits with rows", [{ name: "Batch", number: true }, { name: "Committed" }, { name: "Rows", number: true }, { name: "Scheduling Delay", number: true },
        { name: "Processing Time", number: true }], [...s.newest].reverse().map(b => [number(b.batch), time(b.at), number(b.rows), seconds(b.wait_seconds),
          seconds(b.commit_seconds)]), "None yet."));
  return [name, out];
}

async function silent(topology) {
  const g = await ask(topologyPath(topology, "graph"));
  const all = await Promise.all(g.stages.filter(s => s.kind !== "transform").map(s => ask(topologyPath(topology, "stages", s.stage, "explain"))));
  return ["Why silent?", all.map(e => [el("h2", {}, link(["t", topology, "stage", e.stage], e.stage)),
    el("p", { class: e.waiting && !e.causes.every(isCalm) ? "state warn" : "" }, e.summary), causes(e)])];
}

async function ledger(topology) {
  const l = await ask(topologyPath(topology, "ledger"));
  return ["Ledger", [el("p", { class: `box ${l.holds ? "" : "bad"}` }, l.holds ? "in = out + filtered + late + dead letters + in flight holds for every stage." : "The equation of a stage does not hold."),
    table("Ledger", [{ name: "Stage" }, ...["In", "Out", "Filtered", "Late", "Dead letters", "In flight"].map(name => ({ name, number: true })), { name: "" }],
      l.stages.map(s => [s.stage, number(s.in), number(s.out), number(s.filtered), number(s.late), number(s.dead_letters), number(s.in_flight),
        s.holds ? "" : state("failed")]), "No stage is there.")]];
}

async function letters(topology) {
  try {
    let page = null;
    const all = [];
    do {
      const found = await ask(`${topologyPath(topology, "dead_letters")}${page ? `?page=${page}` : ""}`);
      all.push(...found.letters);
      page = found.next;
      if (all.length > 2000) all.splice(0, all.length - 1000);
    } while (page !== null);
    return ["Dead letters", [table("The newest dead letters, newest first", [{ name: "Stage" }, { name: "Partition" }, { name: "Position", number: true }, { name: "Error", wide: true }, { name: "Record", wide: true }],
      all.reverse().slice(0, 200).map(x => [x.stage, x.partition, number(x.position), x.error, el("pre", {}, x.record ?? x.record_base64 ?? "")]), "There are none.")], true];
  } catch (e) {
    if (e.status !== 401) throw e;
    const key = el("input", { type: "password", autocomplete: "off", "aria-label": "Token" });
    return ["Dead letters", [el("form", { onsubmit: event => { event.preventDefault(); sessionStorage.setItem("token", key.value); look(); } },
      el("p", {}, "Records need the token, which is in the file “token” of the state folder."), key, el("button", {}, "Show"))], true];
  }
}

// --- which view the address names
const views = [["", "Graph", graph], ["streaming", "Streaming", streaming], ["silent", "Why silent?", silent], ["ledger", "Ledger", ledger], ["letters", "Dead letters", letters]];
function wanted() {
  const parts = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  if (parts[0] !== "t" || !parts[1]) return { show: overview };
  const topology = parts[1];
  if (parts[2] === "stage" && parts[3]) return { topology, view: "", show: () => stage(topology, parts[3]) };
  const view = views.find(v => v[0] === (parts[2] ?? "")) ?? views[0];
  return { topology, view: view[0], show: () => view[2](topology) };
}

let looking = 0, timer = null, shown = null;
async function look() {
  clearTimeout(timer);
  const mine = ++looking;
  const { topology, view, show } = wanted();
  const address = location.hash;
  let isStill = false;
  try {
    const [title, content, still] = await show();
    if (mine !== looking) return;
    isStill = still === true;
    const kept = address === shown ? [...document.querySelectorAll(".scroll, .graph")].map(e => [e.scrollLeft, e.scrollTop]) : [];
    const focused = address === shown && main.contains(document.activeElement) ? [...main.querySelectorAll("a, button, [tabindex]")].indexOf(document.activeElement) : -1;
    main.replaceChildren(el("h1", {}, title), ...content.flat(3).filter(x => x !== null && x !== undefined && x !== ""));
    document.querySelectorAll(".scroll, .graph").forEach((e, i) => kept[i] && e.scrollTo(...kept[i]));
    if (focused >= 0) main.querySelectorAll("a, button, [tabindex]")[focused]?.focus({ preventScroll: true });
    document.title = topology ? `${title} – ${topology} – millrace` : "millrace";
    standing.textContent = `as of ${new Date().toLocaleTimeString()}`;
    standing.className = "";
  } catch (e) {
    if (mine !== looking) return;
    standing.textContent = e instanceof Refused ? e.message : "millrace does not answer; trying again";
    standing.className = "state bad";
    if (address !== shown) main.replaceChildren(el("h1", {}, topology ?? "millrace"), el("p", { class: "box bad" }, standing.textContent));
  }
  document.getElementById("nav").replaceChildren(...(topology ? views.map(([path, name]) => {
    const a = link(path ? ["t", topology, path] : ["t", topology], name);
    if (path === view) a.setAttribute("aria-current", "page");
    return a;
  }) : []));
  shown = address;
  if (!document.hidden && !isStill) timer = setTimeout(look, every);
}
addEventListener("hashchange", () => { main.focus({ preventScroll: true }); look(); });
document.addEventListener("visibilitychange", () => document.hidden ? clearTimeout(timer) : look());
look();
