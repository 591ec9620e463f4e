// uPlot and dagre, where this millrace was built with them; null where not, and then the page draws by itself.
import { hasLibraries } from "./libraries.js";

const [plots, layouts] = hasLibraries ? await Promise.all([import("./uplot.js"), import("./dagre.js")]) : [null, null];
export const uPlot = plots?.default ?? null;
export const dagre = layouts?.default ?? null;
if (hasLibraries)
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/uplot.css" }));
