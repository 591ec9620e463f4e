// The view that the page is asked for by its address, "#/t/TOPOLOGY/VIEW/MORE". Pure.
// A "%" that encodes nothing stands for itself: an address may be typed.
function decoded(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}
export const partsOf = hash => hash.replace(/^#\/?/, "").split("/").map(decoded);
