/* A page that was made for another role, for shown names that are hidden now, for a cluster that is gone, or by another
   version of the console, is asked for once more: then it is right, or says why there is none. What a person does in it
   is left in peace first. */
import { askAgain, isOver, showGone } from "./light.js";
import { isInUse } from "./press.js";

const AGAIN = 500; // milliseconds until it is looked again whether it may be left
const YOUNGEST = 5000; // milliseconds; should an answer be wrong as well, it is not asked for without end
let due = Infinity, isDue = false; // from when on it may be asked for, in its own time

export function outdate({ isGone = false, from = YOUNGEST } = {}) {
  if (isGone) showGone();
  due = Math.min(due, from);
  if (isDue) return;
  isDue = true;
  leave();
}

function leave() {
  if (isOver()) return;
  if (performance.now() > due && !isInUse(document.body)) askAgain();
  else setTimeout(leave, AGAIN);
}
