/* A cluster, a whole version at a time: what came waits together until the hand lets go, then is morphed in together.
   A change that does not follow on what is here asks for everything. What comes faster than it can be drawn is drawn as
   one: half of the time stays to the hand, however slow the machine. */
import { outdate } from "./outdated.js";
import { isHeld, isInUse } from "./press.js";

const BEHIND = 8; // changes that wait for a hand; more are fetched as one
const AGAIN = 100; // milliseconds until it is looked again whether the hand let go

const { searchParams } = new URL(document.body.dataset.stream, location.href);
const cluster = searchParams.get("cluster"), kind = searchParams.get("kind");
const versions = [], left = new Set();
let shownFor = kind; // the kind of viewer whose version is here
let version = document.body.dataset.version ?? "", due = 0; // what is here, waiting or shown
let rested = 0; // when the next version may be drawn
let askForAll = () => {};

/* What this tab shows; the version is "" where it wants everything. */
export const shown = () => ({ cluster, version, kind: shownFor });
export const onGap = (act) => { askForAll = act; };

const isWaitedFor = () => document.hidden || isHeld();

/* There is no such cluster any more, or its person may not see it. */
export function leaveIfGone(name) {
  if (name === cluster) outdate({ isGone: true });
}

export function arrive({ cluster: name, kind: viewer, version: now, after, html }) {
  if (name !== cluster || (now === version && viewer === shownFor)) return;
  shownFor = viewer;
  if (viewer !== kind) outdate(); // header, lists and dialogs are for the role from before
  if (after && (after !== version || (isWaitedFor() && versions.length >= BEHIND))) {
    versions.length = 0;
    want();
    return;
  }
  if (!after) versions.length = 0; // it is everything
  versions.push(html);
  version = now;
  document.dispatchEvent(new Event("world-changed")); // what is under a drag waits, its verdicts do not
  apply();
}

function want() {
  version = "";
  askForAll();
}

function apply() {
  if (!versions.length || due) return;
  const begun = performance.now();
  const wait = isWaitedFor() ? AGAIN : rested - begun;
  if (wait > 0) {
    due = setTimeout(() => { due = 0; apply(); }, wait);
    return;
  }
  show(versions.splice(0));
  rested = 2 * performance.now() - begun;
}

/* The newest of each part, in the order in which they came. */
function show(htmls) {
  const parts = new Map();
  let newest = null;
  for (const html of htmls) {
    const made = document.createElement("template");
    made.innerHTML = html;
    newest = made.content.firstElementChild;
    for (const part of newest.children) {
      parts.delete(part.id);
      parts.set(part.id, part);
    }
  }
  for (const [id, part] of parts) {
    const target = document.getElementById(id);
    if (target && isInUse(target)) leave(target);
    else if (target) swap(target, part.outerHTML);
  }
  document.body.dataset.version = newest.dataset.version;
  const titled = document.querySelector("[data-title]"); // what people feel stands in the tab too
  if (titled) document.title = titled.dataset.title;
}

function swap(target, html) {
  const how = { swapStyle: "morph:outerHTML", swapDelay: 0, settleDelay: 0 };
  htmx.swap(target, html, how, { contextElement: target });
}

// A card with an open menu, or with what is typed, stays as it is; when it is let go everything is asked for once.
function leave(target) {
  if (!left.size) setTimeout(letGo, AGAIN);
  left.add(target);
}

function letGo() {
  if ([...left].some((one) => one.isConnected && isInUse(one))) return void setTimeout(letGo, AGAIN);
  left.clear();
  want();
}
