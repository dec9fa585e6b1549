/* The chosen users of one list. They are kept by key, because rows come and go while others work. */
import { announce, write } from "../say.js";
import { answerTo } from "../drag/server.js";
import { onSettled } from "../live/settled.js";

const chosen = new Set();
let list = null; // whose users are chosen
let query = null; // the filter of that list
let anchor = null; // where a range begins
let all = false; // all that match the filter, shown or not

export const rowsOf = (ul) => [...ul.querySelectorAll("[data-user]")];
const listShown = () => document.querySelector(`.users[data-users="${list}"]`);

export const count = () => (all ? Number(listShown()?.dataset.total) : chosen.size);
export const isChosenFrom = (ul) => ul.dataset.users === list;
export const rowOfAnchor = (rows) => rows.find((row) => row.dataset.user === anchor);

/* What is chosen, as the server is told. */
export const values = () => (all ? { list, query } : { list, users: [...chosen].join(",") });

/* What others are told of a drag of the chosen users. */
export const summary = () => ({ list, count: count() });

/* The count as it is shown: "10,000+" was not counted further. */
const shownCount = () => `${count().toLocaleString("en")}${(all && listShown()?.dataset.more) || ""}`;

export function paint() {
  for (const row of document.querySelectorAll(".users [data-user]")) {
    const isOfAll = all && row.closest(".users").dataset.users === list;
    row.setAttribute("aria-selected", chosen.has(row.dataset.user) || isOfAll);
  }
  const text = count() ? `${shownCount()} selected` : "";
  for (const output of document.querySelectorAll("output[data-selected]")) write(output, text);
  for (const button of document.querySelectorAll(".list-verbs [data-ask]"))
    button.disabled = "one" in button.dataset ? count() !== 1 : !count();
}

/* What is chosen, to be kept while signing in leads away and back. */
export const keep = () => ({ list, query, all, chosen: [...chosen] });

export function restore(kept) {
  const ul = document.querySelector(".users");
  if (!ul || ul.dataset.users !== kept.list || ul.dataset.query !== kept.query) return;
  ({ list, query, all } = kept);
  chosen.clear();
  for (const user of kept.chosen) chosen.add(user);
  paint();
}

export function clear() {
  chosen.clear();
  all = false;
  anchor = null;
  paint();
}

export function choose(row, { range = false, toggle = false } = {}) {
  const ul = row.closest(".users");
  const { user } = row.dataset;
  if (!isChosenFrom(ul) || all || !(range || toggle)) clear();
  ({ users: list, query } = ul.dataset);
  if (range && anchor) {
    const rows = rowsOf(ul);
    const ends = [anchor, user].map((one) => rows.findIndex((other) => other.dataset.user === one));
    const [from, to] = ends.sort((a, b) => a - b);
    if (from < 0) return chooseBeyondRows(user, ul);
    for (const other of rows.slice(from, to + 1)) chosen.add(other.dataset.user);
  } else {
    if (!(toggle && chosen.delete(user))) chosen.add(user);
    anchor = user;
  }
  paint();
}

/* A range that begins outside the rows on the page: the server knows who is in it. */
async function chooseBeyondRows(user, ul) {
  const asked = new URLSearchParams({ query, sort: ul.dataset.sort, from: anchor, to: user });
  const told = await answerTo(fetch(`${ul.dataset.range}?${asked}`, { headers: { Accept: "application/json" } }));
  if (!told || anchor !== asked.get("from")) return;
  for (const one of told.users) chosen.add(String(one));
  paint();
  announce(`${shownCount()} users selected`);
}

/* Users whom a pasted list names, wherever they stand in the list that is shown. */
export function chooseThese(users) {
  const ul = document.querySelector(".users");
  clear();
  ({ users: list, query } = ul.dataset);
  for (const user of users) chosen.add(String(user));
  paint();
}

export function chooseAll(ul) {
  clear();
  ({ users: list, query } = ul.dataset);
  const rows = rowsOf(ul);
  all = Number(ul.dataset.total) > rows.length; // more match than the page holds
  if (!all) for (const row of rows) chosen.add(row.dataset.user);
  paint();
  announce(`${shownCount()} users selected`);
}

onSettled(() => { // another list or filter: nothing of it is chosen
  const ul = document.querySelector(".users");
  if (ul && (!isChosenFrom(ul) || ul.dataset.query !== query)) clear();
  paint();
});
document.addEventListener("moved", clear);
paint();
