/* A form that leads to another page is sent once: a second press while the answer is on its way would make the same
   again, and its answer hide the first. htmx sees to its own forms; a download leaves the page as it is. */
const WAIT = 10000; // milliseconds; who presses later means it

const sent = new WeakMap();

document.addEventListener("submit", (event) => {
  const { target: form, defaultPrevented, timeStamp } = event;
  if (defaultPrevented || form.method !== "post" || "progress" in form.dataset) return;
  if (timeStamp - (sent.get(form) ?? -Infinity) < WAIT) event.preventDefault();
  else sent.set(form, timeStamp);
});
addEventListener("pageshow", ({ persisted }) => { // the browser's old page, shown again
  if (persisted) for (const form of document.forms) sent.delete(form);
});
