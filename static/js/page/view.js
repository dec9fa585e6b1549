/* Which view of the map: by itself, or pinned for this browser; how each looks stands in css/incident.css. */
import { onAction } from "../actions.js";
import { announce } from "../say.js";

const SAID = { incident: "The incident view is pinned.", whole: "The whole map is pinned." };
const chosen = () => localStorage.getItem("view") || "";

function apply() {
  const view = chosen();
  if (view) document.documentElement.dataset.view = view;
  else delete document.documentElement.dataset.view;
  for (const item of document.querySelectorAll("[data-view-choice]")) {
    if (item.dataset.viewChoice === view) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
  }
}

onAction("view", ({ dataset }) => {
  localStorage.setItem("view", dataset.viewChoice);
  apply();
  announce(SAID[chosen()] ?? "The view changes by itself.");
});
addEventListener("storage", apply);
apply();
