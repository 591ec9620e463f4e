// Questions to the API that serves the page, and to nothing else.
// The token, which actions and records need: from the URL once, then of this tab alone
export function takeToken(hash = location.hash) {
  const given = new URLSearchParams(hash.slice(1)).get("token");
  if (!given) return;
  sessionStorage.setItem("token", given);
  if (location.hash === hash) window.history.replaceState(null, "", location.pathname + "#/");
}
takeToken();
export const token = () => sessionStorage.getItem("token") || "";
export const keepToken = text => sessionStorage.setItem("token", text);

export class Refused extends Error {
  constructor(status, words) { super(words); this.status = status; }
}
export async function ask(path, options = {}) {
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
export const topologyPath = (name, ...rest) => ["topologies", encodeURIComponent(name), ...rest.map(encodeURIComponent)].join("/");
