/* A page that was made for another role, for shown names that are hidden now, or for a cluster that is gone, is asked for
   once more: then it is right, or says why there is none. What a person does in it is left in peace first. */
import { askAgain, isOver, showGone } from "./light.js";
import { isInUse } from "./press.js";

const AGAIN = 500; // milliseconds until it is looked again whether it may be left
const YOUNGEST = 5000; // milliseconds; should an answer be wrong as well, it is not asked for without end
let isDue = false;

export function outdate({ isGone = false } = {}) {
  if (isGone) showGone();
  if (isDue) return;
  isDue = true;
  leave();
}

function leave() {
  if (isOver()) return;
  if (performance.now() > YOUNGEST && !isInUse(document.body)) askAgain();
  else setTimeout(leave, AGAIN);
}
