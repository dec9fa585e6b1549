/* Menus open below their button, inside the window, and ask for what they hold. */
function place(menu) {
  const from = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
  menu.style.left = menu.style.top = "0"; // measured with the whole window to its right, not squeezed at its edge
  const left = Math.max(8, Math.min(from.left, innerWidth - menu.offsetWidth - 8));
  const fitsBelow = from.bottom + 4 + menu.offsetHeight < innerHeight;
  menu.style.left = `${left}px`;
  menu.style.top = `${fitsBelow ? from.bottom + 4 : Math.max(8, from.top - menu.offsetHeight - 4)}px`;
}

function onToggle({ type, newState, target: menu }) {
  if (newState !== "open" || !menu.matches?.("[popover]")) return;
  place(menu); // twice: at first its size is not known
  if (type === "toggle" && menu.matches("[hx-get]")) menu.dispatchEvent(new Event("opened"));
}

for (const kind of ["beforetoggle", "toggle"]) document.addEventListener(kind, onToggle, true);
document.addEventListener("DOMContentLoaded", () => { // htmx is ready now; the browser opened menus before
  for (const target of document.querySelectorAll(":popover-open"))
    onToggle({ type: "toggle", newState: "open", target });
});
document.addEventListener("htmx:afterSwap", ({ target }) => target.matches(":popover-open") && place(target));
document.addEventListener("click", ({ target }) => target.closest(".menu-item")?.closest("[popover]")?.hidePopover());
