/* The dialog: opened by what htmx puts into it, and closed by its buttons, a click beside it or the server. */
import { onAction } from "../actions.js";
import { values } from "../list/selection.js";

const dialog = document.getElementById("dialog");
const messages = document.getElementById("messages");
const gone = document.getElementById("gone");

/* Open the dialog of a button about what is chosen, or about all users of a node; posted, because thousands may be. */
export function askAbout(button) {
  const { ask: path, dragNode: node } = button?.dataset ?? {};
  if (!path || button.disabled) return;
  htmx.ajax("POST", path, {
    source: button,
    target: "#dialog",
    swap: "innerHTML",
    values: { ask: 1, ...(node ? { node } : values()) },
  });
}

onAction("close-dialog", () => dialog.close());
document.addEventListener("click", ({ target }) => target === dialog && leave(() => dialog.close()));
document.addEventListener("close-dialog", () => dialog.open && dialog.close());
dialog.addEventListener("close", () => dialog.replaceChildren());
document.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target === dialog && dialog.childElementCount && !dialog.open) dialog.showModal();
});

/* Its button may have the focus from the beginning; what it would do is read first, also where not all is seen. */
document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target === dialog && dialog.querySelector(".dialog-foot :focus")) dialog.scrollTop = 0;
});

/* What was pressed may be gone when the answer comes: htmx looks for the target, and sends events, from there. */
document.addEventListener("htmx:beforeSend", ({ detail: { xhr, elt } }) => {
  const isLost = () => !elt.isConnected && !elt.dataset.live && xhr.getResponseHeader("HX-Retarget");
  xhr.addEventListener("readystatechange", () => xhr.readyState === 4 && isLost() && gone.append(elt));
  xhr.addEventListener("loadend", () => gone.replaceChildren());
});

/* Messages are not seen behind an open dialog: it has a place for them. */
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const inside = dialog.open && dialog.querySelector("[data-messages]");
  if (detail.target === messages && inside && detail.xhr.status >= 400) detail.target = inside;
});

/* A form with data-unsaved says when something in it is typed and not saved, and asks before a click beside it, Escape,
   another tab, a reload or the way back throws it away; Cancel says itself what it does. */
const form = () => dialog.querySelector("form[data-unsaved]");
const isUnsaved = () => Boolean(form()?.dataset.unsaved);

function leave(act) {
  if (!isUnsaved()) return act();
  const { content } = document.getElementById("ask-unsaved");
  const asked = content.firstElementChild.cloneNode(true);
  const [stay, discard] = asked.querySelectorAll("button");
  stay.addEventListener("click", () => { asked.remove(); form()?.querySelector("input, select")?.focus(); });
  discard.addEventListener("click", () => { form().dataset.unsaved = ""; asked.remove(); act(); });
  dialog.querySelector(".unsaved-question")?.remove();
  dialog.querySelector(".dialog-head").after(asked);
  stay.focus();
}

for (const kind of ["input", "change"])
  dialog.addEventListener(kind, ({ target }) => {
    if (target.closest("form[data-unsaved]")) form().dataset.unsaved = "yes";
  });
dialog.addEventListener("cancel", (event) => {
  if (!isUnsaved()) return;
  event.preventDefault();
  leave(() => dialog.close());
});
addEventListener("beforeunload", (event) => { if (isUnsaved()) event.preventDefault(); });
document.addEventListener("htmx:confirm", (event) => {
  const { elt, issueRequest } = event.detail;
  if (!elt.matches(".dialog-tabs button") || !isUnsaved()) return;
  event.preventDefault();
  leave(() => issueRequest(true));
});
