/* The list of users stands for all of them: the rows that the server sent lie between two spaces as high as the rows
   before and after, so that the scroll bar is that of the whole list.

   scroll near an end of the rows -> a sentinel goes on by keyset       scroll beyond them -> the rows of that place
*/
import { announce, write } from "../say.js";

const HIGHEST = 8_000_000; // pixels that every browser can scroll; longer lists are pressed together
const TALL = 30; // rows of a screen from which on a larger window is asked for
const QUIET = 120; // milliseconds without scrolling before rows of another place are asked for

const number = (value) => value.toLocaleString("en");
const listOf = () => document.querySelector("#user-list .users");
const rowsOf = (ul) => [...ul.querySelectorAll("[data-user]")];
const heightOf = (rows) => rows[0]?.offsetHeight || 32;

let shown = null; // the row at the top, how far down it begins, and in which list
let coming = null; // what the rows that were asked for are to show: a place, or the focus
let asking = 0;

function measure(ul) {
  const rows = rowsOf(ul);
  const first = Number(ul.dataset.first);
  const total = Math.max(Number(ul.dataset.total), first + rows.length);
  const row = heightOf(rows);
  const scale = Math.min(1, HIGHEST / (total * row || 1));
  const spaces = { before: first * row * scale, after: (total - first - rows.length) * row * scale };
  return { rows, first, total, scale, row, ...spaces };
}

/* How far down the list is scrolled: in rows, from the first that is there. */
function top(ul) {
  const { before, row } = measure(ul);
  return (ul.scrollTop - before) / row;
}

function remember(ul) {
  const { rows } = measure(ul);
  const row = rows[Math.max(0, Math.min(rows.length - 1, Math.floor(top(ul))))];
  shown = row && { list: ul.dataset.users, user: row.dataset.user, down: row.offsetTop - ul.scrollTop };
}

/* All rows are styled anew where such a value changes, so only then. */
function set(ul, name, value) {
  if (ul.style.getPropertyValue(name) !== value) ul.style.setProperty(name, value);
}

/* Give the spaces their height, keep the row at the top where it was, and the heads over their columns. */
function lay() {
  const ul = listOf();
  if (!ul) return;
  const { rows, first, before, after, row } = measure(ul);
  set(ul, "--before", `${before}px`);
  set(ul, "--after", `${after}px`);
  const same = shown?.list === ul.dataset.users && rows.find((one) => one.dataset.user === shown.user);
  if (coming?.ready && coming.place !== undefined) {
    const at = Math.max(0, Math.min(rows.length - 1, Math.floor(coming.place) - first));
    scrollTo(ul, rows[at] ? rows[at].offsetTop + (coming.place % 1) * row : 0);
  } else if (same && !coming?.focus) scrollTo(ul, same.offsetTop - shown.down);
  if (coming?.ready) finish(ul, rows);
  seen.observe(ul);
  remember(ul);
  label(ul);
  alignHeads(ul);
}

/* Not where it is already: that would end the swing of a finger. */
function scrollTo(ul, place) {
  if (Math.abs(ul.scrollTop - place) > 1) ul.scrollTop = place;
}

function finish(ul, rows) {
  const { focus } = coming;
  coming = null;
  const row = focus === "last" ? rows.at(-1) : focus === "first" ? rows[0] : null;
  if (focus === "last") ul.scrollTop = ul.scrollHeight;
  row?.focus({ preventScroll: true });
}

function alignHeads(ul) {
  const heads = ul.parentElement.querySelector(".heads");
  if (heads) heads.style.gridTemplateColumns = getComputedStyle(ul).gridTemplateColumns;
}

function label(ul) {
  const text = ul.parentElement.querySelector("[data-shown]");
  if (!text) return;
  const { rows, first, total, row } = measure(ul);
  const from = Math.max(0, Math.min(total - 1, first + Math.round(top(ul))));
  const most = Math.max(from + 1, Math.round(first + top(ul) + ul.clientHeight / row));
  const to = Math.min(total, most, Math.max(first + rows.length, from + 1));
  const about = "about" in ul.dataset && first ? "about " : "";
  write(text, `${about}${number(from + 1)}–${number(to)} of `);
}

/* The rows of a place that is scrolled to, of the beginning or of the end. */
function ask(ul, address, what) {
  coming = what;
  const asked = htmx.ajax("GET", address, { source: ul, target: "#user-list", swap: "morph:outerHTML" });
  asked?.catch(() => { if (coming === what) coming = null; }); // another question took its place
}

function lookBeyond() {
  const ul = listOf();
  if (!ul || !rowsOf(ul).length) return;
  const { rows, first, total, scale, row } = measure(ul);
  const above = top(ul);
  if (above > -1 && above + ul.clientHeight / row < rows.length + 1) return;
  const beyond = first + rows.length + (above - rows.length) / scale;
  const wanted = Math.max(0, Math.min(total - 1, above < 0 ? ul.scrollTop / (row * scale) : beyond));
  ask(ul, `${ul.dataset.anywhere}&jump=${Math.max(0, Math.floor(wanted) - 10)}`, { place: wanted });
}

/* Go to the beginning or the end of the whole list, or a screen further; true when rows had to be asked for. */
export function goTo(ul, where) {
  const { rows, first, total } = measure(ul);
  if (where === "Home" && first > 0) ask(ul, ul.dataset.anywhere, { place: 0, focus: "first" });
  else if (where === "End" && first + rows.length < total) ask(ul, `${ul.dataset.anywhere}&last=1`, { focus: "last" });
  else return false;
  announce(where === "Home" ? "First users" : "Last users");
  return true;
}

export const rowsOfScreen = (ul) => Math.max(1, Math.floor(ul.clientHeight / measure(ul).row) - 1);

document.addEventListener("scroll", ({ target }) => {
  if (!target.matches?.("#user-list .users")) return;
  remember(target);
  label(target);
  clearTimeout(asking);
  asking = setTimeout(lookBeyond, QUIET);
}, true);

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id === "user-list" && coming && detail.requestConfig.elt === listOf()) coming.ready = true;
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target?.id === "user-list" || detail.elt?.id === "user-list") lay();
});
document.addEventListener("htmx:afterSettle", ({ target }) => { // only what brings rows: laying them out costs a frame
  const ul = listOf();
  if (ul && (target.contains(ul) || ul.contains(target))) lay();
});
const seen = new ResizeObserver(() => {
  const ul = listOf();
  if (!ul) return;
  alignHeads(ul);
  label(ul);
  if (window.htmx && ul.dataset.larger && ul.clientHeight > TALL * measure(ul).row) ask(ul, ul.dataset.larger, {});
});
addEventListener("load", lay);
