/* A session ended during work: what was chosen and typed, and an action that did not happen, wait until signing in has
   led back to this page. */
import { showMessage } from "../say.js";
import { keep, restore } from "../list/selection.js";
import { hasFields, keepTyped, restoreTyped } from "./typed.js";

const KEY = "return";
const LATE = 600_000; // milliseconds after which what was typed is not put back any more
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
  note({ action, typed: keepTyped() });
  document.querySelector("form[data-unsaved]")?.removeAttribute("data-unsaved"); // it is kept, not asked about
}

function note(what) {
  const here = { person, path: location.pathname, chosen: keep(), at: Date.now() };
  sessionStorage.setItem(KEY, JSON.stringify({ ...here, ...what }));
}

/* A form that leads to another page: if that is the page of signing in, nothing of it happened. */
document.addEventListener("submit", (event) => {
  const { target: form, defaultPrevented, submitter } = event;
  if (!person || defaultPrevented || form.method !== "post" || !hasFields(form)) return;
  note({ action: wordsOf(submitter ?? form), typed: keepTyped(form), isSent: true });
});

function comeBack() {
  const signIn = document.querySelector("[data-returning]"); // on the page of signing in
  if (signIn) waitFor(signIn);
  const { person: who, path, chosen, typed = [], action, isSent, at } = kept();
  if (!person || !path) return;
  sessionStorage.removeItem(KEY);
  if (who !== person || isSent) return;
  let left = restoreTyped(typed);
  const isHere = path === location.pathname, isDialog = location.hash.length > 1;
  if (isHere) restore(chosen);
  if (left.length && left.length === typed.length && !isDialog) { // the page with its form comes later
    if (Date.now() - at < LATE) note({ path, action, typed, at });
    return;
  }
  if (action && (isHere || typed.length))
    showMessage(`“${action}” did not happen: your session had ended. Try it again.`, "warn");
  document.addEventListener("htmx:afterSwap", () => { left = restoreTyped(left); }); // a dialog opens once more
}

/* What was sent and led straight to the page of signing in did not happen; what led there by another page did. */
function waitFor(signIn) {
  const { isSent, ...note } = kept();
  const { path } = note;
  const [{ redirectCount = 0 } = {}] = performance.getEntriesByType("navigation");
  if (isSent && redirectCount === 1) sessionStorage.setItem(KEY, JSON.stringify(note));
  else if (isSent) sessionStorage.removeItem(KEY);
  signIn.hidden = !kept().path || !(isSent || signIn.closest("form").next.value.startsWith(path));
}

comeBack();
