/* Mouse, pen and finger: choosing rows, and dragging rows, handles and heads of nodes. Everything is delegated, so that
   rows may come and go. */
import { askAbout } from "../dialogs/dialogs.js";
import { drag, drop, end, moveTo, over, start } from "./drag.js";
import { choose, chooseAll, clear } from "../list/selection.js";
import { movesUrl } from "./server.js";

const THRESHOLD = 6; // pixels after which a press is a drag
const LONG_TOUCH = 450; // milliseconds after which a touch is a drag
const CANCELLED = "Cancelled: nothing was moved.";

let press = null; // what is held while it is no drag yet
let swallow = false; // the click that follows a drop

export const gripOf = (element) => element.closest?.("[data-drag-node], [data-drag-server]");

function letGo() {
  clearTimeout(press?.timer);
  press = null;
}

document.addEventListener("drag-ended", letGo);

function startFromPress() {
  if (!start(press.held, press)) letGo();
}

document.addEventListener("pointerdown", (event) => {
  const { target, clientX: x, clientY: y, pointerId: id } = event;
  const held = target.closest(".users [data-user]") ?? gripOf(target);
  const isOther = target.closest("button:not(.handle), [popover], .users a");
  if (event.button || drag || !movesUrl() || !held || isOther) return;
  const touch = event.pointerType === "touch";
  press = { held, touch, x, y, id };
  if (!touch) return;
  press.timer = setTimeout(() => {
    navigator.vibrate?.(15);
    startFromPress();
  }, LONG_TOUCH);
});

document.addEventListener("pointermove", (event) => {
  const { clientX: x, clientY: y } = event;
  if (drag?.keys && !event.movementX && !event.movementY) return; // the page moves below a pointer at rest
  if (drag && !drag.late) {
    moveTo(x, y);
  } else if (press && Math.hypot(x - press.x, y - press.y) > THRESHOLD) {
    if (press.touch) return letGo(); // a finger that moves at once scrolls
    document.documentElement.setPointerCapture(press.id); // also outside the window
    getSelection().removeAllRanges();
    startFromPress();
  }
});

document.addEventListener("pointerup", () => {
  letGo();
  if (!drag || drag.keys) return;
  swallow = true;
  setTimeout(() => { swallow = false; });
  if (drag.targets) drop();
  else drag.late = true; // a quick hand: dropped as soon as the server has answered
});

document.addEventListener("pointercancel", () => {
  letGo();
  if (drag && !drag.keys) end(CANCELLED);
});

const prevent = (event) => event.preventDefault();
const onTouchMove = (event) => drag && !drag.keys && prevent(event);
document.addEventListener("touchmove", onTouchMove, { passive: false });
document.addEventListener("contextmenu", (event) => (press?.touch || drag) && prevent(event));
document.addEventListener("selectstart", (event) => press && !press.touch && prevent(event));
document.addEventListener("dragstart", (event) => press && prevent(event)); // links and pictures

document.addEventListener("click", (event) => {
  if (drag?.keys && drag.targets) { // what was picked up by key or by a button
    over(event.target);
    drop();
  } else if (!swallow && !drag) {
    return onClick(event);
  }
  event.preventDefault();
  event.stopPropagation();
}, true);

function onClick({ target, shiftKey, ctrlKey, metaKey, pointerType }) {
  const button = target.closest("[data-ask]");
  if (button) return askAbout(button);
  const list = document.querySelector(".users");
  const action = target.closest("[data-action]")?.dataset.action;
  if (action === "select-all" && list) return chooseAll(list);
  if (action === "select-none") return clear();
  if (action === "pick-up") return start(gripOf(target), { keys: true });
  const row = target.closest(".users [data-user]");
  if (!row || target.closest("button, a, input, select, textarea, summary")) return;
  row.focus({ preventScroll: true });
  choose(row, { range: shiftKey, toggle: ctrlKey || metaKey || pointerType === "touch" });
}
