/* What follows a swap is done once for all the parts that came together, before the page is drawn: a version has some
   twenty of them. */
const acts = [];
let isDue = false;

export const onSettled = (act) => acts.push(act);

function soon() {
  if (isDue) return;
  isDue = true;
  queueMicrotask(() => { // when all parts are swapped in
    isDue = false;
    for (const act of acts) act();
  });
}

for (const kind of ["htmx:afterSwap", "htmx:afterSettle", "htmx:load"]) document.addEventListener(kind, soon);
