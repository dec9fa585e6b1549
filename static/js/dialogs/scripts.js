/* "For scripts" in a dialog: what is typed stands in the command and in the call, and both can be copied. */
import { onAction } from "../actions.js";
import { announce } from "../say.js";

const PLAIN = /^[\w@%+=:,./-]+$/;

/* A value of a form as JSON inside '…', or as a word of a shell; an empty number is none. */
const written = (control, as) => {
  const quoted = (text) => text.replaceAll("'", String.raw`'\''`);
  if (control.type === "checkbox") return String(control.checked);
  if (as === "word") return PLAIN.test(control.value) ? control.value : `'${quoted(control.value)}'`;
  if (control.type === "number" || control.inputMode === "decimal") return control.value || "null";
  return quoted(JSON.stringify(control.value));
};

const fill = (form) => {
  for (const place of form.querySelectorAll(".as-call [data-field]")) {
    const control = form.elements.namedItem(place.dataset.field);
    if (control) place.textContent = written(control, place.dataset.as);
  }
};

for (const event of ["input", "change"]) {
  document.addEventListener(event, ({ target }) => target.form && fill(target.form));
}

document.addEventListener("toggle", ({ target }) => {
  const form = target.matches?.(".as-call") && target.closest("form");
  if (form) fill(form);
}, true);

/* Without TLS a browser keeps its clipboard to itself: the text is then chosen, for Ctrl+C. */
onAction("copy", async (button) => {
  const text = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
    announce("Copied.");
  } catch {
    getSelection().selectAllChildren(text);
    announce("Chosen: press Ctrl+C to copy it.");
  }
});
