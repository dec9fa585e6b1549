/* The command palette: Ctrl K or "/" opens it, arrows go through what was found, Enter takes the first or the chosen.
   An Enter that comes before what was typed is found waits for it: what was found before is something else. */
import { onAction } from "../actions.js";

const palette = document.getElementById("palette");
const field = palette?.querySelector("input");
let asked = null; // what was found belongs to it
let isWanted = false; // the first of what is being looked for

function open() {
  if (!palette || palette.open || document.querySelector("#dialog[open]")) return;
  field.value = "";
  [asked, isWanted] = [null, false];
  palette.showModal();
  field.dispatchEvent(new Event("opened"));
}

/* A field that is not seen any more keeps the focus until the next picture, and with it the next key. */
function shut() {
  field.blur();
  palette.close();
}

const isTyping = ({ target }) => target.matches?.("input, textarea, select, [contenteditable]");

/* From one choice to the next by arrow; false for other keys. */
export function stepThrough(event, choices) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || !choices.length) return false;
  const at = choices.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : choices.length - 1) : at + by;
  choices[Math.min(Math.max(next, 0), choices.length - 1)].focus();
  event.preventDefault();
  return true;
}

const found = () => [...palette.querySelectorAll(".menu-item")];

function takeFirst() {
  isWanted = asked !== field.value;
  if (!isWanted) found().find((one) => one.getAttribute("aria-disabled") !== "true")?.click();
}

function onKey(event) {
  if (event.isComposing) return undefined; // Enter and Escape are for what a writing system puts together
  const { key, ctrlKey, metaKey, altKey } = event;
  const isCall = (key.toLowerCase() === "k" && (ctrlKey || metaKey)) || (key === "/" && !isTyping(event));
  if (isCall && !altKey && palette) {
    event.preventDefault();
    return open();
  }
  if (palette?.open && key === "Escape") { // a search field would only be emptied
    event.preventDefault();
    return shut();
  }
  if (palette?.open) {
    if (event.key === "ArrowUp" && document.activeElement === found()[0]) {
      event.preventDefault();
      return field.focus();
    }
    if (stepThrough(event, found())) return undefined;
    if (key === "Enter" && event.target === field) {
      event.preventDefault();
      takeFirst();
    }
    return undefined;
  }
  const targets = [...document.querySelectorAll("#dialog[open] .target:not(:disabled)")];
  if (targets.length && stepThrough(event, targets)) return undefined;
  const isPlain = !ctrlKey && !metaKey && !altKey && !isTyping(event);
  if (key === "?" && isPlain && palette && !document.querySelector("dialog[open]"))
    htmx.ajax("GET", palette.dataset.keys, { target: "#dialog", swap: "innerHTML" });
  return undefined;
}

document.addEventListener("keydown", onKey);
field?.addEventListener("input", () => { isWanted = false; });
document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  if (target.id !== "palette-found" || !palette.open) return;
  asked = detail.requestConfig.parameters.q;
  if (isWanted) takeFirst();
});
onAction("palette", open);
palette?.addEventListener("click", ({ target }) => {
  const item = target.closest(".menu-item");
  const isOff = item?.getAttribute("aria-disabled") === "true";
  if (target === palette || (item && !isOff)) shut();
});
