// Brings what is shown to what is to be shown, in place: an element whose content stays is the same one afterwards, so that a selection, the focus,
// scrolling and what was typed survive a look.
const placeholder = "kept-here"; // the name of elements that stand for others
const kept = new WeakSet();
const standsFor = new WeakMap();
const mostCompared = 250000; // pairs of children; with more of them they are paired by their places

// A placeholder for `element`, which goes from look to look as it is: whoever gives it changes its inside.
export function keeping(element) {
  const out = document.createElement(placeholder);
  kept.add(element);
  standsFor.set(out, element);
  return out;
}

// A row is about what its first cell names, a link about where it leads, and a region about what its label says: none becomes another one.
const subject = e => e.nodeName === "TR" ? e.firstChild?.textContent : e.nodeName === "A" ? e.getAttribute("href")
  : e.getAttribute?.("role") === "region" ? e.getAttribute("aria-label") : undefined;
const isAlike = (old, node) => old.nodeName === node.nodeName && subject(old) === subject(node) && !kept.has(old) && !kept.has(node);
const isSame = (old, node) => old === node || (isAlike(old, node) && old.textContent === node.textContent);

// Which child each of `wanted` becomes: the longest sequence of equal content stays, and what lies between goes in pairs by its order.
function pairsByContent(olds, wanted) {
  const pairs = new Array(wanted.length).fill(null);
  const n = olds.length, m = wanted.length;
  const longest = Array.from({ length: n + 1 }, () => new Uint32Array(m + 1));
  const same = olds.map(old => wanted.map(node => isSame(old, node)));
  for (let i = n - 1; i >= 0; i--)
    for (let j = m - 1; j >= 0; j--)
      longest[i][j] = same[i][j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
  let i = 0, j = 0, gapOlds = [], gapNew = [];
  const close = () => {
    for (const k of gapNew) {
      const at = gapOlds.findIndex(old => isAlike(old, wanted[k]));
      if (at >= 0) { pairs[k] = gapOlds[at]; gapOlds.splice(0, at + 1); }
    }
    gapOlds = []; gapNew = [];
  };
  while (i < n || j < m) {
    if (i < n && j < m && same[i][j] && longest[i][j] === longest[i + 1][j + 1] + 1) { close(); pairs[j++] = olds[i++]; }
    else if (j === m || (i < n && longest[i + 1][j] >= longest[i][j + 1])) gapOlds.push(olds[i++]);
    else gapNew.push(j++);
  }
  close();
  return pairs;
}
const pairsByPlace = (olds, wanted) => wanted.map((node, i) => olds[i] && (olds[i] === node || isAlike(olds[i], node)) ? olds[i] : null);

// The place of the child that has the focus; -1: none has.
function placeOf(old, at, wanted) {
  if (wanted[at] && isSame(old, wanted[at])) return at;
  const same = wanted.findIndex(node => isSame(old, node));
  return same >= 0 || subject(old) === undefined ? same : wanted.findIndex(node => isAlike(old, node));
}

// The element with the focus stays in the document, and the others are put around it: one that is taken out loses it.
function pairsOf(parent, olds, wanted) {
  const at = olds.findIndex(old => old.contains(document.activeElement));
  const to = at < 0 ? -1 : placeOf(olds[at], at, wanted);
  return to < 0 ? pairsOfAll(parent, olds, wanted)
    : [...pairsOfAll(parent, olds.slice(0, at), wanted.slice(0, to)), olds[at], ...pairsOfAll(parent, olds.slice(at + 1), wanted.slice(to + 1))];
}

// Rows come and go; anything else with as many children as before has the same ones.
function pairsOfAll(parent, olds, wanted) {
  const isByPlace = (parent.nodeName !== "TBODY" && olds.length === wanted.length) || olds.length * wanted.length > mostCompared;
  return isByPlace ? pairsByPlace(olds, wanted) : pairsByContent(olds, wanted);
}

function become(old, node) {
  if (old === node) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== node.data) old.data = node.data;
    return;
  }
  // Whether details are open is the reader's.
  for (const { name } of [...old.attributes]) if (!node.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of node.attributes) if (old.getAttribute(name) !== value && name !== "open") old.setAttribute(name, value);
  old.onclick = node.onclick;
  old.onsubmit = node.onsubmit;
  show(old, [...node.childNodes]);
}

// `parent` has these children, or others that became like them.
export function show(parent, children) {
  const wanted = children.map(node => standsFor.get(node) ?? node);
  const olds = [...parent.childNodes];
  const pairs = pairsOf(parent, olds, wanted);
  const stay = new Set(pairs);
  for (const old of olds) if (!stay.has(old)) old.remove();
  let next = parent.firstChild;
  wanted.forEach((node, i) => {
    if (pairs[i]) { become(pairs[i], node); next = pairs[i].nextSibling; return; }
    for (const p of node.querySelectorAll?.(placeholder) ?? []) p.replaceWith(standsFor.get(p));
    parent.insertBefore(node, next);
  });
}
