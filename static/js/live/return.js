/* A session ended during work: what was chosen and typed, and an action that did not happen, wait until signing in has
   led back to this page. */
import { showMessage } from "../say.js";
import { keep, restore } from "../list/selection.js";
import { keepTyped, restoreTyped } from "./typed.js";

const KEY = "return";
const PRIMARY = ".btn-primary, .btn-danger";
const { person } = document.body.dataset;
const kept = () => JSON.parse(sessionStorage.getItem(KEY) ?? "{}");

/* The words of what was pressed; of a form those of its button. */
function wordsOf(element) {
  if (element?.matches("[data-moves]")) return "Move";
  const pressed = element?.querySelector(PRIMARY) ?? element;
  return (pressed?.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 60) || "The last action";
}

/* Note what is chosen and typed, and the request (its configuration) that was answered with the page of signing in. */
export function keepForReturn({ verb = "get", elt } = {}) {
  const action = verb === "get" ? kept().action ?? "" : wordsOf(elt);
  const path = location.pathname;
  sessionStorage.setItem(KEY, JSON.stringify({ person, path, chosen: keep(), typed: keepTyped(), action }));
  document.querySelector("form[data-unsaved]")?.removeAttribute("data-unsaved"); // it is kept, not asked about
}

function comeBack() {
  const { person: who, path, chosen, typed = [], action } = kept();
  const waits = document.querySelector("[data-returning]"); // on the page of signing in
  if (waits) waits.hidden = !path || !waits.closest("form").next.value.startsWith(path);
  if (!person || !path) return;
  sessionStorage.removeItem(KEY);
  if (who !== person || path !== location.pathname) return;
  restore(chosen);
  let left = restoreTyped(typed);
  document.addEventListener("htmx:afterSwap", () => { left = restoreTyped(left); }); // a dialog opens once more
  if (action) showMessage(`“${action}” did not happen: your session had ended. Try it again.`, "warn");
}

comeBack();
