/* The lock of the view: nothing can be dragged, in all tabs of this browser, also on the next visit. */
import { onAction } from "../actions.js";
import { announce } from "../say.js";

export const LOCKED = "The view is locked: nothing can be dragged";
export const isLocked = () => "locked" in document.body.dataset;

function apply() {
  if (localStorage.getItem("locked")) document.body.dataset.locked = "yes";
  else delete document.body.dataset.locked;
  document.querySelector("[data-action='lock']")?.setAttribute("aria-pressed", isLocked());
}

onAction("lock", () => {
  localStorage.setItem("locked", isLocked() ? "" : "yes");
  apply();
  announce(isLocked() ? `${LOCKED}.` : "The view is unlocked.");
});
addEventListener("storage", apply);
apply();
