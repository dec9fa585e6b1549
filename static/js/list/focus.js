/* A button that did its work goes, and so does the row of a moved user; the focus stays among the neighbours. */
let group = null;

document.addEventListener("focusin", ({ target }) => {
  group = target.closest("[data-keeps-focus]");
});

document.addEventListener("htmx:afterSettle", () => {
  if (!group || document.activeElement !== document.body) return;
  const neighbours = document.getElementById(group.id);
  neighbours?.querySelector(group.dataset.keepsFocus || "button")?.focus({ preventScroll: true });
});
