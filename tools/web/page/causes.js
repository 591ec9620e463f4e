// Why a stage gives nothing, in words.
import { el } from "./elements.js";

// A window that fills as records come, and records that were lost, ask nobody to do anything.
export const isCalm = c => ["behind", "on_its_way", "late", "dead_letters"].includes(c.code);
export const causes = e => e.causes.map(c => el("div", { class: `box ${e.waiting && !isCalm(c) ? "warn" : ""}` },
  el("p", {}, `${c.text} `, el("span", { class: "dim" }, `(${c.code})`)), c.remedy ? el("p", { class: "dim" }, c.remedy) : null));
