/* Where the focus goes when what had it is gone: to its neighbours, then to what was around it. */
const TAKES_FOCUS = "a[href], button:not(:disabled), summary, [tabindex='0'], input:not([type='hidden'], :disabled)";

/* The ids of what is around an element, from the inside out, each followed by those of its neighbours. */
export function placesOf(element) {
  const ids = [];
  for (let one = element; one; one = one.parentElement) {
    for (const place of [one, one.nextElementSibling, one.previousElementSibling]) if (place?.id) ids.push(place.id);
  }
  return ids;
}

/* Focus in the first of these places that is still to be seen, else at the title of the page. */
export function focusNear(ids) {
  for (const id of ids) {
    const place = document.getElementById(id);
    if (!place?.checkVisibility()) continue;
    const here = [...place.querySelectorAll(TAKES_FOCUS)].find((one) => one.checkVisibility());
    if (here) return here.focus({ preventScroll: true });
  }
  const title = document.querySelector("main h1") ?? document.querySelector("main");
  title.tabIndex = -1;
  return title.focus({ preventScroll: true });
}
