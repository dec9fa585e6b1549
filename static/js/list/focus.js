/* A button that did its work goes, or can do it no more, and so does the row of a moved user: the focus stays among the
   neighbours, as what others remove leaves it near. A message that goes gives it back, and in a dialog that shows
   something else it begins at the title. */
import { onSettled } from "../live/settled.js";
import { focusNear, placesOf } from "./nearby.js";
import "./selection.js"; // it enables the buttons for the chosen users before this looks

const dialog = document.getElementById("dialog");
const messages = document.getElementById("messages");
const TAKES_FOCUS = "a, button, input, label, select, summary, textarea, [tabindex]";
let held = null; // what had the focus last, in no message
let group = null; // and its neighbours
let inDialog = false;
let places = []; // where that stood

const isLost = () => document.activeElement === document.body || document.activeElement.disabled;
const isWaiting = () => held?.isConnected && held.disabled && held.closest(".htmx-request"); // until its answer comes
const asItIsNow = (element) => (element?.isConnected ? element : document.getElementById(element?.id));

function title() {
  const words = inDialog && dialog.open ? document.getElementById("dialog-title") : null;
  if (words) words.tabIndex = -1;
  return words;
}

function keep() {
  if (!isLost() || isWaiting()) return;
  const neighbours = group && document.getElementById(group.id);
  const next = neighbours?.querySelector(group.dataset.keepsFocus || "button:not(:disabled)");
  for (const one of [asItIsNow(held), next, title()]) {
    if (isLost() && one && !one.disabled) one.focus({ preventScroll: true });
  }
  const isGone = held && !held.isConnected && !inDialog && document.activeElement === document.body;
  if (isGone && !document.querySelector("dialog[open]")) focusNear(places);
}

document.addEventListener("focusin", ({ target }) => {
  if (messages.contains(target)) return;
  [held, group, inDialog] = [target, target.closest("[data-keeps-focus]"), dialog.contains(target)];
  places = placesOf(target);
});
document.addEventListener("pointerdown", ({ target }) => { // a press beside everything lets it go
  if (!target.closest(TAKES_FOCUS)) [held, group, inDialog] = [null, null, false];
}, true);
if (isLost()) document.querySelector("main form [aria-invalid='true']")?.focus(); // a page that refuses its form
onSettled(keep);
new MutationObserver(keep).observe(messages, { childList: true });
