/* The tour: what its step speaks of gets an outline. Its last one asks whether to switch off a node whose peer takes
   over, so that there is something to see. */
import { onAction } from "../actions.js";
import { showMessage } from "../say.js";
import { onSettled } from "../live/settled.js";

const PAIR = ".map .subcluster.is-healthy:has(.is-protected)";

onAction("play-failover", () => {
  const menu = document.querySelector(`${PAIR} [popover][hx-get$='/menu']`);
  if (!menu) return showMessage("No pair with HA on is healthy now: no node would take over.", "warn");
  const address = menu.getAttribute("hx-get").replace(/menu$/, "faults/ask?kind=power");
  htmx.ajax("GET", address, { target: "#dialog", swap: "innerHTML" });
});

/* On the body, not found by the stylesheet with :has(): the whole page would be styled anew with all that comes in. */
function showStep() {
  const step = document.getElementById("tour")?.dataset.step;
  if (step) document.body.dataset.tour = step;
  else delete document.body.dataset.tour;
}

onSettled(showStep);
showStep();
