/* Messages, and runs that have ended, stay to be read for a while, longer under the pointer or the focus; some stay
   until they are closed. */
import { onAction } from "../actions.js";
import { now } from "../page/clock.js";
import { mark } from "../list/marks.js";
import { showMessage } from "../say.js";
import { onSettled } from "../live/settled.js";

const LEAVING = "[data-leaves], [data-leaves-at], #messages > .toast-note:not([data-stays])";
const SECONDS = 8;

function leave(element) {
  if (element.matches(":hover, :focus-within")) return setTimeout(leave, 2000, element);
  const ended = element.closest(".runs-done");
  element.remove();
  ended?.querySelector("[data-finished]").replaceChildren(ended.querySelectorAll(".run").length);
  mark();
}

function letLeave() {
  for (const element of document.querySelectorAll(LEAVING)) {
    if (element.dataset.leaving) continue;
    element.dataset.leaving = "yes";
    const { leaves = SECONDS, leavesAt } = element.dataset; // seconds; seconds since 1970
    setTimeout(leave, leavesAt ? Math.max(0, 1000 * leavesAt - now()) : 1000 * leaves, element);
  }
}

onAction("close-message", (button) => button.closest(".toast-note").remove());
document.addEventListener("htmx:sendError", () => showMessage("The server did not answer. Try again in a moment."));
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) =>
  showMessage(`The server answered ${xhr.status}. Reload the page; if it happens again, see the server log.`));
new MutationObserver(letLeave).observe(document.getElementById("messages"), { childList: true });
onSettled(letLeave);
letLeave();
