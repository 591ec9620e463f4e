// Why a stage gives nothing, in words.
import { el } from "./elements.js";

// A window that fills as records come, one that waits for another whose own causes follow, a partition that is idle, and records that were lost, ask nobody to do anything.
export const isCalm = c => ["behind", "on_its_way", "comes_on", "idle", "upstream_window", "late", "dead_letters", "hot_key"].includes(c.code);
export const causes = (e, all = e.causes) => all.map(c => el("div", { class: `box ${e.waiting && !isCalm(c) ? "warn" : ""}` },
  el("p", {}, `${c.text} `, el("span", { class: "dim" }, `(${c.code})`)), c.remedy ? el("p", { class: "dim" }, c.remedy) : null));
