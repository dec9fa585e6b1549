/* Keys: through a list of users, and a drag without a pointer. */
import { askAbout } from "../dialogs/dialogs.js";
import { begin, drag, drop, end, start, step } from "./drag.js";
import { isLocked } from "./lock.js";
import { gripOf } from "./pointer.js";
import { goTo, rowsOfScreen } from "../list/rows.js";
import { choose, chooseAll, clear, count, isChosenFrom, rowOfAnchor, rowsOf, values } from "../list/selection.js";

document.addEventListener("keydown", (event) => {
  const isDone = drag ? onDragKey(event) : onListKey(event);
  if (!isDone) return;
  event.preventDefault();
  event.stopPropagation();
}, true);

/* During a drag no key does anything else. */
function onDragKey({ key, shiftKey }) {
  const isLed = drag.keys && drag.targets;
  if (key === "Escape") end("Cancelled: nothing was moved.");
  else if (isLed && (key === "Enter" || key === " ")) drop();
  else if (isLed && (key === "Tab" || key.startsWith("Arrow"))) {
    const isBack = key === "Tab" ? shiftKey : key === "ArrowUp" || key === "ArrowLeft";
    step(isBack ? -1 : 1);
  }
  return true;
}

/* Whether the key was for a list of users, or for the grip of a node. */
function onListKey(event) {
  const { key, shiftKey, target } = event;
  const grip = key === "M" && gripOf(target);
  if (grip) {
    start(grip, { keys: true });
    return true;
  }
  const ul = target.closest?.(".users");
  if (!ul || !target.matches(".users, [data-user]")) return false;
  const rows = rowsOf(ul);
  const row = target.closest("[data-user]") ?? rowOfAnchor(rows);
  if (walk(ul, key, shiftKey, rows.indexOf(row))) return true;
  const command = event.ctrlKey || event.metaKey;
  if (key === "a" && command) chooseAll(ul);
  else if (key === "Escape" && count()) clear();
  else if (command || event.altKey) return false;
  else if (key === " " && row) choose(row, { toggle: true, range: shiftKey });
  else if ((key === "Enter" || /^[im]$/i.test(key)) && (count() || row)) act(key, ul, row);
  else return false;
  return true;
}

function walk(ul, key, shiftKey, at) {
  const rows = rowsOf(ul), page = rowsOfScreen(ul);
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
  const to = { Home: 0, End: rows.length - 1 }[key] ?? at + steps[key];
  if (Number.isNaN(to)) return false;
  if (goTo(ul, key)) return true;
  const next = rows[Math.min(Math.max(to, 0), rows.length - 1)];
  if (shiftKey && next) choose(next, { range: true });
  next?.focus();
  return true;
}

/* Enter and M move what is chosen, I explains it, shift M picks it up. */
function act(key, ul, row) {
  if (!count() || !isChosenFrom(ul)) choose(row);
  if (key === "M" && !isLocked()) begin(values(), { keys: true });
  else askAbout(document.querySelector(`[data-keys="${key.toLowerCase() === "i" ? "i" : "m"}"]`));
}
