/* A dialog that was got has an address: the page's, with "#open=" and what was asked for. A link with it opens the
   dialog, a reload keeps it, and closing it takes it off again. The focus goes back to what opened it, or near it. */
import { focusNear, placesOf } from "../list/nearby.js";
import "./dialogs.js"; // it opens the dialog before this looks into it

const dialog = document.getElementById("dialog");
const MARK = "#open=";
const isSignedIn = "person" in document.body.dataset; // the page of signing in has the hash of where it leads back to
let opener = null, places = []; // what opened it, and where that stood

function show() {
  if (!location.hash.startsWith(MARK) || dialog.open || !isSignedIn) return;
  const asked = decodeURIComponent(location.hash.slice(MARK.length));
  const button = /^[a-z-]+$/.test(asked) && document.querySelector(`[data-deep="${asked}"]`);
  if (button) button.click();
  else if (/^\/(?![/\\])/.test(asked)) htmx.ajax("GET", asked, { target: "#dialog", swap: "innerHTML" });
}

document.addEventListener("htmx:beforeRequest", ({ detail: { elt, target } }) => {
  if (target !== dialog || dialog.open) return;
  opener = elt.closest("dialog") ? null : elt;
  places = placesOf(opener);
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const { target, requestConfig, xhr } = detail;
  if (target !== dialog || !dialog.childElementCount || xhr.status >= 400) return;
  const asked = requestConfig.elt?.dataset?.deep ?? (requestConfig.verb === "get" ? requestConfig.path : "");
  const hash = asked ? `${MARK}${encodeURIComponent(asked)}` : "";
  if (location.hash !== hash) history.replaceState(history.state, "", `${location.pathname}${location.search}${hash}`);
  const best = dialog.querySelector(".target[value^='node'][data-level='allowed']");
  (best ?? dialog.querySelector(".target:not(:disabled)"))?.focus();
});

dialog.addEventListener("close", () => {
  if (location.hash.startsWith(MARK)) history.replaceState(history.state, "", location.pathname + location.search);
  if (document.activeElement !== document.body || !opener) return;
  const back = opener.isConnected ? opener : opener.id && document.getElementById(opener.id);
  if (back) back.focus({ preventScroll: true });
  if (document.activeElement === document.body) focusNear(places);
});

addEventListener("hashchange", show);
addEventListener("load", show); // htmx is ready
