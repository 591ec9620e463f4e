// Elements, and figures as people read them. What comes from others (names, records, errors) becomes text nodes and attributes, never HTML.
export function el(name, attributes = {}, ...children) {
  const svg = ["svg", "g", "rect", "path", "text", "polyline", "title", "tspan"].includes(name) || attributes.isSvg;
  const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "isSvg" || value === undefined || value === null || value === false) continue;
    if (key === "onclick" || key === "onsubmit") e[key] = value; // as properties, which patching.js hands on
    else e.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat())
    if (child !== null && child !== undefined) e.append(child instanceof Node ? child : String(child));
  return e;
}

const integers = new Intl.NumberFormat("en");
export const number = n => n === null || n === undefined ? "–" : integers.format(n);
export const rate = n => n === null || n === undefined ? "–" : `${n < 10 ? n.toFixed(1) : integers.format(Math.round(n))}/s`;
export function seconds(s) {
  if (s === null || s === undefined) return "–";
  if (s < 1) return `${(s * 1000).toFixed(s < 0.01 ? 1 : 0)} ms`;
  if (s < 120) return `${s.toFixed(1)} s`;
  return s < 7200 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`;
}
export function bytes(n) {
  for (const [size, unit] of [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]])
    if (n >= size) return `${(n / size).toFixed(1)} ${unit}`;
  return `${n} B`;
}
export const time = t => t ?? "–";

export function table(caption, columns, rows, empty) {
  if (rows.length === 0) return el("p", { class: "dim" }, empty);
  const head = columns.map(c => el("th", { scope: "col", class: c.number ? "number" : null }, c.name));
  const body = rows.map(row => el("tr", {}, row.map((cell, i) =>
    el("td", { class: columns[i].number ? "number" : columns[i].wide ? "wide" : null }, cell))));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
}
const states = { runs: "good", idle: "good", running: "good", up: "good", ended: "good", drained: "good", stopped: "warn", paused: "paused", waits: "warn", slow: "warn", starts: "warn",
  silent: "bad", left: "warn", draining: "warn", away: "bad", stalled: "bad", failed: "bad", degraded: "bad" };
export const state = s => el("span", { class: `state ${states[s] ?? ""}` }, s);
export const link = (to, text) => el("a", { href: `#/${to.map(encodeURIComponent).join("/")}` }, text);
