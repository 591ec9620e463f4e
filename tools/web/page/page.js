// The page: a client of the API that millrace serves, and of nothing else. It shows the view that the address names: at each event of its topology,
// or once a second where there are none.
import { partsOf } from "./address.js";
import { Refused, takeToken } from "./asking.js";
import { el, link } from "./elements.js";
import { follow, isFresh } from "./live.js";
import { events, overview } from "./overview.js";
import { show } from "./patching.js";
import { key, record, tap } from "./rows.js";
import { graph, ledger, letters, silent, stage, streaming } from "./views.js";

const every = 1000; // ms between two looks
const main = document.getElementById("main");
const standing = document.getElementById("state");

// Path, name, what it shows, whether it follows events.
const views = [["", "Graph", graph, true], ["streaming", "Streaming", streaming, true], ["silent", "Why silent?", silent, true], ["ledger", "Ledger", ledger],
  ["letters", "Dead letters", letters], ["events", "Events", events], ["record", "A record", record], ["key", "A key", key], ["tap", "Tap", tap]];
function wanted() {
  const parts = partsOf(location.hash);
  if (parts[0] !== "t" || !parts[1]) return { look: overview };
  const topology = parts[1];
  if (parts[2] === "stage" && parts[3]) return { topology, view: "", look: () => stage(topology, parts[3]), follows: true };
  const view = views.find(v => v[0] === (parts[2] ?? "")) ?? views[0];
  return { topology, view: view[0], look: () => view[2](topology, parts[3]), follows: view[3] };
}

// An element that the pointer is pressed on stays as it is: a click is of what was pressed.
let release = null, released = null; // the latter settles once it is pressed no more
addEventListener("pointerdown", event => {
  if (event.button === 0 && released === null) released = new Promise(then => { release = then; });
}, true);
for (const name of ["pointerup", "pointercancel", "blur"])
  addEventListener(name, event => {
    if (name === "blur" && event.target !== window) return;
    const over = release;
    setTimeout(() => { // behind the click
      if (release === over) release = released = null;
      over?.();
    });
  }, true);

let looking = 0, isLooking = false, timer = null, shown = null;
async function look() {
  clearTimeout(timer);
  const mine = ++looking;
  isLooking = true;
  const now = wanted();
  const { topology, view } = now;
  const address = location.hash;
  const content = [];
  follow(now.follows && !document.hidden ? topology : null, () => { if (!isLooking) look(); });
  let isStill = false;
  try {
    const [title, parts, still] = await now.look();
    if (mine !== looking) return;
    isStill = still === true;
    content.push(el("h1", {}, title), ...parts.flat(3).filter(x => x !== null && x !== undefined && x !== ""));
    document.title = topology ? `${title} – ${topology} – millrace` : "millrace";
    standing.textContent = `as of ${new Date().toLocaleTimeString()}`;
    standing.className = "";
  } catch (e) {
    if (mine !== looking) return;
    standing.textContent = e instanceof Refused ? e.message : "millrace does not answer; trying again";
    standing.className = "state bad";
    if (address !== shown) content.push(el("h1", {}, topology ?? "millrace"), el("p", { class: "box bad" }, standing.textContent));
  }
  await released;
  if (mine !== looking) return;
  if (address !== shown) main.replaceChildren();
  if (content.length) show(main, content);
  show(document.getElementById("nav"), topology ? views.map(([path, name]) => {
    const a = link(path ? ["t", topology, path] : ["t", topology], name);
    if (path === view) a.setAttribute("aria-current", "page");
    return a;
  }) : []);
  shown = address;
  isLooking = false;
  if (!document.hidden && !isStill) timer = setTimeout(tick, every, topology);
  dispatchEvent(new Event("shown"));
}
// Asks where no event has come.
function tick(topology) {
  if (isFresh(topology)) timer = setTimeout(tick, every, topology);
  else look();
}
addEventListener("acted", () => look());
// The address may have changed again by the time that the event is handled.
addEventListener("hashchange", event => { takeToken(new URL(event.newURL).hash); main.focus({ preventScroll: true }); look(); });
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return look();
  clearTimeout(timer);
  follow(null);
});
look();
