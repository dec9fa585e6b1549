/* A cluster, a whole version at a time: what came waits together until the hand lets go, then is morphed in together.
   A change that does not follow on what is here asks for everything. */
import { isHeld, isInUse } from "./press.js";

const BEHIND = 8; // changes that wait; more are fetched as one
const AGAIN = 100; // milliseconds until it is looked again whether the hand let go

const { searchParams } = new URL(document.body.dataset.stream, location.href);
const cluster = searchParams.get("cluster"), kind = searchParams.get("kind");
const versions = [], left = new Set();
let version = document.body.dataset.version ?? "", due = 0; // what is here, waiting or shown
let askForAll = () => {};

/* What this tab shows; the version is "" where it wants everything. */
export const shown = () => ({ cluster, version, kind });
export const onGap = (act) => { askForAll = act; };

export function arrive({ cluster: name, version: now, after, html }) {
  if (name !== cluster || now === version) return;
  if (after && (after !== version || versions.length >= BEHIND)) {
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
  if (document.hidden || isHeld()) due = setTimeout(() => { due = 0; apply(); }, AGAIN);
  else for (const html of versions.splice(0)) morph(html);
}

function morph(html) {
  const made = document.createElement("template");
  made.innerHTML = html;
  for (const part of made.content.firstElementChild.children) {
    const target = document.getElementById(part.id);
    if (target && isInUse(target)) leave(target);
    else if (target) swap(target, part.outerHTML);
  }
  document.body.dataset.version = made.content.firstElementChild.dataset.version;
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
