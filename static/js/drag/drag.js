/* A drag of users or of a node: begun, led over targets, dropped or given up. When it begins the server says what may
   go where; a drop is one POST, and its answer is the fragments that changed. */
import * as ghost from "./ghost.js";
import { LOCKED, isLocked } from "./lock.js";
import { announce, showMessage } from "../say.js";
import { choose, values } from "../list/selection.js";
import { tellOthers } from "./presence.js";
import { answerTo, ask, movesUrl } from "./server.js";

const AGAIN = 1000; // milliseconds between two questions about the same drag
const EDGE = 60; // pixels from the edge of the map in which it scrolls
const VERDICTS = ["drop-allowed", "drop-warning", "drop-refused"];
const WORDS = { allowed: "Allowed", warning: "Allowed with a warning", refused: "Refused" };
const NO_TARGET = { level: "none", message: "Drop on one of the targets, or press Escape.", fix: "" };
const KEYS_HINT = " Arrow keys or the pointer choose, Enter or a click drops, Escape cancels.";

export let drag = null;

/* Begin to drag what is held: a handle or head of a node, or a row with all that is chosen. */
export function start(held, { keys = false, x = 0, y = 0 } = {}) {
  const { dragNode: node, dragServer: server, user } = held.dataset;
  if (user && held.getAttribute("aria-selected") !== "true") choose(held);
  return begin(server ? { server } : node ? { node } : values(), { keys, x, y });
}

/* Begin to drag `what`; `keys` when keys or a button lead it. False when the view is locked. */
export function begin(what, { keys = false, x = 0, y = 0 } = {}) {
  if (isLocked()) {
    showMessage(`${LOCKED}. Unlock it with “Lock view” above.`, "warn");
    return false;
  }
  drag = { what, keys, x, y, zone: null, targets: null };
  document.body.classList.add("dragging");
  ghost.open();
  ghost.show({ level: "asking", message: "Checking targets…", fix: "" });
  if (!keys) requestAnimationFrame(scroll);
  askTargets(drag);
  return true;
}

async function askTargets(mine) {
  const { what } = mine;
  const told = await answerTo(ask(what.server ? "node/targets" : "targets", what));
  if (drag !== mine) return;
  if (!told) return end();
  mine.targets = { ...told.targets, ...await otherClusters(what) };
  if (drag !== mine) return;
  mine.askedAt = performance.now();
  Object.assign(what, told.before); // a drop repeats what was told, so that the server can say what changed since
  mine.name = told.label;
  ghost.setTitle(mine.name);
  document.body.dataset.dragging = what.server ? "node" : "users";
  markTargets();
  if (mine.keys) return step(0);
  track();
  if (mine.late) drop();
}

/* The verdicts of other clusters, where the page shows any; nodes do not leave theirs. */
async function otherClusters(what) {
  if (what.server || !document.querySelector('[data-drop^="cluster:"]')) return {};
  return (await answerTo(ask("clusters/targets", what)))?.targets ?? {};
}

/* While it lasts the world goes on: the verdicts are asked for again, at most every second, and those shown follow.
   What changes sooner, or before the first ones came, is asked about when the second is over. */
async function askAgain() {
  const mine = drag;
  if (!mine || mine.again) return;
  const wait = mine.targets ? mine.askedAt + AGAIN - performance.now() : AGAIN;
  if (wait > 0) {
    mine.again = setTimeout(() => { mine.again = 0; if (drag === mine) askAgain(); }, wait);
    return;
  }
  mine.askedAt = performance.now();
  const answer = await ask(mine.what.server ? "node/targets" : "targets", mine.what).catch(() => null);
  const told = answer?.ok ? await answer.json() : null; // what was told before stays
  if (drag !== mine || !told) return;
  mine.targets = { ...mine.targets, ...told.targets };
  markTargets();
  const zone = drag.zone && drag.zone.dataset.drop in drag.targets ? drag.zone : null;
  if (zone) ghost.show(verdictOf(zone), drag.keys ? KEYS_HINT : "");
}

document.addEventListener("world-changed", askAgain);

const isTarget = (zone) => !drag.targets || zone.dataset.drop in drag.targets;
const zones = () => [...document.querySelectorAll("[data-drop]")].filter(isTarget);
const verdictOf = (zone) => drag.targets[zone.dataset.drop];

function markTargets() {
  for (const zone of zones()) {
    zone.classList.remove(...VERDICTS);
    zone.classList.add("drop", `drop-${verdictOf(zone).level}`);
    zone.dataset.verdict = verdictOf(zone).short;
  }
}

/* The innermost target around an element, for what is dragged. */
function targetAt(element) {
  const zone = element?.closest("[data-drop]") ?? null;
  return zone && !(zone.dataset.drop in (drag.targets ?? {})) ? targetAt(zone.parentElement) : zone;
}

const isShown = (zone) => zone.getClientRects().length > 0;
const isPanel = (zone) => zone.dataset.drop.startsWith("subcluster:");
const isCluster = (zone) => zone.dataset.drop.startsWith("cluster:");
const nameOf = (zone) => (isPanel(zone) ? zone.dataset.name : zone.dataset.name.split(".")[0]);

/* Follow the pointer to a place. */
export function moveTo(x, y) {
  [drag.x, drag.y] = [x, y];
  track();
}

function track() {
  over(document.elementFromPoint(drag.x, drag.y));
  ghost.place(drag.x, drag.y);
}

/* Be over the target around an element: mark it, show its verdict, say it. */
export function over(element) {
  const zone = targetAt(element);
  if (!drag.targets || (zone === drag.zone && ghost.level() !== "asking")) return;
  drag.zone?.classList.remove("drop-over");
  drag.zone = zone;
  zone?.classList.add("drop-over");
  const verdict = zone ? verdictOf(zone) : NO_TARGET;
  ghost.setTitle(zone ? `${drag.name} to ${nameOf(zone)}` : drag.name);
  ghost.show(verdict, drag.keys ? KEYS_HINT : "");
  tellOthers(drag);
  if (!zone) return announce("No target");
  announce(`${zone.dataset.name}: ${WORDS[verdict.level] ?? ""}. ${verdict.message} ${verdict.fix}`);
}

/* Go to the next or former target by key; with 0 to the best one: rather a node than the subcluster around it, and
   nothing of another cluster. */
export function step(by) {
  const targets = zones().filter(isShown);
  const places = targets.filter((zone) => !isCluster(zone) && (drag.what.server || !isPanel(zone)));
  const first = (level) => places.find((zone) => verdictOf(zone).level === level);
  const next = () => targets[(targets.indexOf(drag.zone) + by + targets.length) % targets.length];
  const zone = by ? next() : first("allowed") ?? first("warning") ?? places[0] ?? targets[0];
  zone.scrollIntoView({ block: "nearest" });
  over(zone);
  const { left, bottom } = zone.getBoundingClientRect();
  ghost.place(left + 24, bottom - 24);
}

/* The map scrolls while the pointer is near its upper or lower edge, or beyond. */
function scroll() {
  if (!drag) return;
  const map = document.querySelector(".map");
  const { left, right, top, bottom } = map.getBoundingClientRect();
  const isBeside = drag.x < left || drag.x > right;
  const isOverlay = drag.zone && getComputedStyle(drag.zone).position === "absolute";
  let by = 0;
  if (!isBeside && !isOverlay) by = drag.y < top + EDGE ? -14 : drag.y > bottom - 2 * EDGE ? 14 : 0;
  if (by) {
    map.scrollBy(0, by);
    track();
  }
  requestAnimationFrame(scroll);
}

/* Drop on the present target. One that refuses is asked too: its answer is the reason, as a message that stays. */
export function drop() {
  const { zone, what } = drag;
  end(zone ? "" : "No target: nothing was moved.");
  if (!zone) return;
  htmx.ajax("POST", `${movesUrl()}${isCluster(zone) ? "clusters" : what.server ? "node" : ""}`, {
    source: "[data-moves]",
    target: "#messages",
    swap: "innerHTML",
    values: { ...what, to: zone.dataset.drop },
  });
}

export function end(text = "") {
  for (const zone of zones()) {
    zone.classList.remove("drop", "drop-over", ...VERDICTS);
    delete zone.dataset.verdict;
  }
  document.body.classList.remove("dragging");
  delete document.body.dataset.dragging;
  ghost.close();
  const wasTold = drag?.targets;
  drag = null;
  if (wasTold) tellOthers(drag);
  document.dispatchEvent(new Event("drag-ended"));
  if (text) announce(text);
}
