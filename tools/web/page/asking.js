// Questions to the API that serves the page, and to nothing else.
// The token, which actions and records need: from the URL once, then of this tab alone
export function takeToken(hash = location.hash) {
  const given = new URLSearchParams(hash.slice(1)).get("token");
  if (!given) return;
  keepToken(given);
  if (location.hash === hash) window.history.replaceState(null, "", location.pathname + "#/");
}
export const token = () => sessionStorage.getItem("token") || "";
export function keepToken(text) {
  sessionStorage.setItem("token", text);
  dispatchEvent(new Event("token"));
}
takeToken();
export const authorization = () => token() ? { Authorization: `Bearer ${token()}` } : {};

export class Refused extends Error {
  constructor(status, words, isWrongToken = false) { super(words); Object.assign(this, { status, isWrongToken }); }
}
// A token that is a wrong one is forgotten, so that it is asked for again.
function refused(status, words, given) {
  if (status !== 401 || !given) return new Refused(status, words);
  if (token() === given) keepToken("");
  return new Refused(status, "The token that was given is not this node's.", true);
}
// A reviver for rows: a number whose digits a double has not, such as 1.50 or one of 20 digits, is kept as it is written.
export const withDigits = (_, value, at) => typeof value === "number" && at?.source && at.source !== String(value) && JSON.rawJSON ? JSON.rawJSON(at.source) : value;
export async function ask(path, options = {}, revive = undefined) {
  const given = token();
  const answer = await fetch(`/api/v1/${path}`, { ...options, headers: { ...options.headers, ...authorization() }, cache: "no-store", redirect: "error" });
  const body = await answer.text();
  let json = null;
  try { json = JSON.parse(body, revive); } catch { /* told below */ }
  if (!answer.ok) throw refused(answer.status, json?.error?.message ?? `status ${answer.status}`, given);
  if (json === null) throw new Refused(answer.status, "the answer is no JSON");
  return json;
}
/** Windows and joins: stages with state by key. */
export const hasShards = kind => kind === "window" || kind === "join";
export const topologyPath = (name, ...rest) => ["topologies", encodeURIComponent(name), ...rest.map(encodeURIComponent)].join("/");
