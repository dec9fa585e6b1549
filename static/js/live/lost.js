/* What a page that is not live says below its header, or in the dialog that lies over it: since when, how long ago that
   is, why, and what to do. It is in sight wherever the page is scrolled to. */
import * as light from "./light.js";
import { isHeld } from "./press.js";
import { onSettled } from "./settled.js";
import { write } from "../say.js";
import { byServer } from "../page/clock.js";
import { clockTime } from "../page/times.js";

const bar = document.getElementById("lost");
const home = bar.parentElement;
const [text, link] = bar.children;

function ago(instant) {
  const seconds = Math.round(light.age(instant) / 1000);
  return seconds < 120 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`;
}

function words() {
  const { why: [short, fix], since } = light.now();
  const time = clockTime(byServer(since));
  if (light.isOver()) return `You are signed out: what is shown is of ${time}, and nothing that you do here counts.`;
  return `Not live since ${time}, ${ago(since)}: ${short}. ${fix}`;
}

/* Below the title of an open dialog, for the page behind it is out of reach. */
function place() {
  const dialog = document.querySelector("dialog[open]");
  const head = dialog?.querySelector(".dialog-head, .search");
  if ((dialog ?? home).contains(bar)) return;
  if (head) head.after(bar);
  else (dialog ?? home).prepend(bar);
}

/* Called now and then, and when the light changes. Nothing moves below a hand that drags. */
export function tellLost() {
  const isTold = light.isLost() || light.isOver();
  if (isTold === bar.hidden && isHeld()) return;
  if (isTold) write(text, words());
  [bar.hidden, link.hidden] = [!isTold, !light.isOver()];
  if (isTold && !isHeld()) place();
}

light.leadThroughSignIn(link);
onSettled(tellLost);
document.addEventListener("close", tellLost, true);
