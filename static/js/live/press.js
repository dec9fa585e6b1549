/* What a hand holds now, so that nothing is swapped under it: a press, a drag, an open menu or dialog, a field that is
   typed into. */
const USED = ":popover-open, dialog[open], details[data-menu][open]";
const FIELDS = "input, textarea, select";
const TYPING = 2500; // milliseconds after the last key

const released = [];
let pressed = false, typedAt = -Infinity;

export const isPressed = () => pressed;
export const isHeld = () => pressed || document.body.classList.contains("dragging");
export const onRelease = (act) => released.push(act);

export function isInUse(element) {
  if (isHeld() || element.querySelector(USED)) return true;
  const field = document.activeElement;
  return performance.now() - typedAt < TYPING && element.contains(field) && field.matches(FIELDS);
}

// What is pressed stays until the click or the drag that begins with it: on a new element neither would arrive.
function release() {
  if (!pressed) return;
  pressed = false;
  for (const act of released) act();
}

addEventListener("pointerdown", () => { pressed = true; }, true);
addEventListener("keydown", ({ key }) => { if (key === "Escape") release(); }, true); // the drag is off: no click comes
addEventListener("pointerup", () => setTimeout(release), true); // the click comes after it
addEventListener("pointermove", ({ buttons }) => { if (!buttons) release(); }, true); // let go outside of the page
addEventListener("pointercancel", release, true);
addEventListener("blur", release); // of the window: it does not bubble

for (const kind of ["input", "focusin"])
  document.addEventListener(kind, ({ target }) => { if (target.matches(FIELDS)) typedAt = performance.now(); });
Object.defineProperty(Idiomorph.defaults, "ignoreActiveValue", {
  enumerable: true,
  get: () => document.activeElement.matches(FIELDS), // what is being typed stays
});
// What is typed into such a form stays, and what is wrong about it, until it is sent and was good.
const KEEPS = "form[data-keeps-typed]";
document.addEventListener("input", ({ target }) => {
  const form = target.closest(KEEPS);
  if (form) form.dataset.typed = "yes";
});
document.addEventListener("htmx:beforeSwap", ({ detail: { xhr, requestConfig: { elt } } }) => {
  if (elt.matches(KEEPS) && xhr.status < 400) delete elt.dataset.typed;
});
Idiomorph.defaults.callbacks.beforeNodeMorphed = (old) => !(old.matches?.(KEEPS) && old.dataset.typed);
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element, how) => // what a person opened stays open
  !(name === "open" && how === "remove" && element.localName === "details");
