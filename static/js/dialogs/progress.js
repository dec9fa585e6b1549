/* How far an import or an export is: a form with data-progress shows a bar with rows and seconds left while it runs.

   submit -> a key for this one -> upload (bytes sent) -> the server's note, each second -> the answer, or the last row
*/
const ASKED = 1000; // milliseconds
const QUIET = 10; // questions without a note after which no one is asked any more

const words = ({ rows, left }) =>
  [`${rows.toLocaleString("en")} rows`, left === null ? "" : `${left} s left`].filter(Boolean).join(", ");

function show(form, done, total, text) {
  const line = form.querySelector("[data-bar]"), bar = line.querySelector("progress");
  line.hidden = false;
  line.querySelector("span").textContent = text;
  if (total) { bar.max = total; bar.value = done; } else bar.removeAttribute("value");
}

function hide(form) {
  clearInterval(form.asking);
  form.asking = null;
  const line = form.querySelector("[data-bar]");
  if (line) line.hidden = true;
}

function ask(form, key) {
  let quiet = 0;
  clearInterval(form.asking);
  const asking = form.asking = setInterval(async () => {
    const answer = await fetch(form.dataset.progress.replace("KEY", key)).catch(() => null);
    const note = answer?.ok ? await answer.json() : {};
    if (form.asking !== asking) return undefined; // what is asked about ended meanwhile
    if (!form.isConnected || (quiet += 1) > QUIET) return hide(form);
    if (note.rows === undefined) return undefined;
    quiet = 0;
    const over = note.total !== null && note.done >= note.total;
    if (over && form.method === "post" && !form.hasAttribute("hx-post")) return hide(form); // all rows are sent
    return show(form, note.done, note.total, over ? `${words({ ...note, left: null })}, being written` : words(note));
  }, ASKED);
}

function begin(form, set) {
  const key = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
  set(key);
  ask(form, key);
}

document.addEventListener("htmx:configRequest", ({ detail }) => {
  const form = detail.elt.closest?.("form[data-progress]");
  if (form && detail.verb === "post") begin(form, (key) => { detail.parameters.progress = key; });
});
document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
  const form = target.closest?.("form[data-progress]");
  if (form && detail.lengthComputable && detail.loaded < detail.total)
    show(form, detail.loaded, detail.total, `${Math.round((100 * detail.loaded) / detail.total)}% sent`);
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const form = detail.elt.closest?.("form[data-progress]");
  if (form) hide(form);
});
document.addEventListener("submit", ({ target: form }) => { // a download: the browser keeps the page
  if (form.dataset.progress === undefined || form.hasAttribute("hx-post")) return;
  begin(form, (key) => {
    const made = () => Object.assign(document.createElement("input"), { type: "hidden", name: "progress" });
    const field = form.elements.progress ?? form.appendChild(made());
    field.value = key;
  });
});
