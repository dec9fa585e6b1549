/* Marks on the tree and the map: whose users the list shows (only the list knows), and what others drag. */
import { onSettled } from "../live/settled.js";

export function mark() {
  const shown = document.getElementById("users")?.dataset.shows;
  for (const link of document.querySelectorAll("[data-shows-users]")) {
    const isShown = link.dataset.showsUsers === shown;
    link.ariaCurrent = isShown ? "true" : null;
    link.closest(".card-of-users")?.classList.toggle("is-shown", isShown);
  }
  const drags = [...document.querySelectorAll("[data-drag-at]")];
  for (const zone of document.querySelectorAll("[data-drop]")) {
    const here = drags.filter((drag) => drag.dataset.dragAt === zone.dataset.drop);
    if (here.length) zone.dataset.drags = here.map((drag) => drag.textContent.trim()).join(", ");
    else delete zone.dataset.drags;
  }
}

onSettled(mark);
mark();
