// Actions, each confirmed by the name once more. Whoever shows a view looks again at the event "acted".
import { ask, keepToken, token } from "./asking.js";
import { el } from "./elements.js";

// `body`: what it has beside the confirmation; `told`: words for the answer, where it has something to say; `warning`: what cannot be undone.
export function confirmed(what, name, path, { body = {}, told = null, warning = null } = {}) {
  const dialog = document.getElementById("dialog");
  const wrong = el("p", { class: "state bad", role: "alert" });
  const input = el("input", { name: "confirm", autocomplete: "off", "aria-label": `Type ${name} to confirm` });
  const key = el("input", { name: "token", autocomplete: "off", type: "password", "aria-label": "Token, from the file token of the state folder" });
  const keyed = el("div", { hidden: token() !== "" }, el("p", {}, "An action needs the token, which is in the file “token” of the state folder."), key);
  const form = el("form", {
    method: "dialog", onsubmit: async event => {
      event.preventDefault();
      if (input.value !== name) { wrong.textContent = `“${input.value}” is not “${name}”: nothing was done.`; return; }
      if (key.value) keepToken(key.value);
      try {
        const answer = await ask(path, { method: "POST", headers: { "X-Millrace-Action": "yes" }, body: JSON.stringify({ confirm: name, ...body }) });
        const says = told?.(answer);
        if (says) dialog.replaceChildren(el("h2", { id: "dialog-title" }, what), says, el("div", { class: "row" }, el("button", { onclick: () => dialog.close() }, "Close")));
        else dialog.close();
        dispatchEvent(new Event("acted"));
      } catch (e) {
        wrong.textContent = e.message;
        if (e.status === 401) { keyed.hidden = false; key.value = ""; key.focus(); }
      }
    }
  },
    el("h2", { id: "dialog-title" }, `${what} ${name}?`), warning ? el("p", {}, warning) : null, el("p", {}, "Type its name to confirm."), input,
    keyed, wrong,
    el("div", { class: "row" }, el("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), el("button", { class: "act" }, what)));
  dialog.replaceChildren(form);
  dialog.showModal();
}
export const action = (what, name, path, warning = null) => el("button", { class: "act", onclick: () => confirmed(what, name, path, { warning }) }, what);

// Asks for the token in the place of rows, if it is missing or a wrong one; throws any other refusal.
export function tokenForm(e, then = () => dispatchEvent(new Event("acted"))) {
  if (e.status !== 401) throw e;
  return el("form", { onsubmit: event => { event.preventDefault(); keepToken(event.target.elements.token.value); then(); } },
    e.isWrongToken ? el("p", { class: "state bad", role: "alert" }, e.message) : null,
    el("p", {}, "Records need the token, which is in the file “token” of the state folder."),
    el("input", { name: "token", type: "password", autocomplete: "off", "aria-label": "Token" }), el("button", {}, "Show"));
}
