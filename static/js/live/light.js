/* The light in the header: Live, or not and why, or signed out. */
import { keepForReturn } from "./return.js";
import { byServer } from "../page/clock.js";
import { clockTime } from "../page/times.js";

const WHY = {
  network: ["the network is silent", "Check the connection of this machine."],
  silence: ["nothing comes from the server", "Check the connection; if it is good, the web process or a proxy hangs."],
  server: ["the server does not answer", "If it lasts, look at the web process."],
  database: ["the database does not answer", "Look at PostgreSQL."],
  news: ["Redis does not answer", "Look at Redis."],
  gone: ["this cluster was removed, or your role in it was taken away", "Close what is open: then it says which."],
};
const light = document.getElementById("live");
let state = "", why = "", seen = Date.now(); // the last sign of life of the server
let since = seen; // the last one while the page was live
let isGone = false; // what this tab shows, whatever others show

export const isLive = () => state === "live" && !isGone;
export const isLost = () => state === "lost" || (isGone && !isOver());
export const isOver = () => state === "ended";
export const told = () => ({ state, why, seen }); // to other tabs

function reason() {
  const [short, fix] = WHY[isGone ? "gone" : why] ?? WHY.server;
  return [short, isGone ? fix : `${fix} It comes back by itself.`];
}

export const now = () => ({ why: reason(), since: isLive() ? seen : since });
export const whySilent = () => (navigator.onLine ? "silence" : "network");
/* Milliseconds since an instant; one that lies ahead is told by a clock that was set back. */
export const age = (instant) => Math.abs(Date.now() - instant);
export const sign = (time = Date.now()) => { seen = time; };

/* Shows a state ("live", "lost", "ended"); answers whether it is another than before. */
export function show(next, because = "") {
  if (!next || isOver() || (next === state && because === why)) return false;
  if (isLive() || !state) since = seen;
  [state, why] = [next, because];
  draw();
  return true;
}

/* What this tab shows comes no more, though the server lives. */
export function showGone() {
  if (isLive()) since = seen;
  isGone = true;
  draw();
}

function draw() {
  light.dataset.state = isLive() ? "live" : "lost";
  document.body.classList.toggle("stale", !isLive());
  if (isOver()) showSignedOut();
  else if (isLost()) showLost();
  else light.textContent = "Live";
}

/* Says in the title what is shown, of which instant (milliseconds since 1970). */
export function date(version, instant) {
  const silence = Math.round(age(seen) / 1000);
  light.title = `Shows version ${version}, of ${clockTime(instant)}, ${silence} s after the last sign of life`;
}

/* Lets a link lead to the page of signing in, which leads back here. */
export function leadThroughSignIn(link) {
  [link.href] = location.href.split("#");
  link.addEventListener("click", (event) => {
    event.preventDefault(); // an address with the dialog that is open in it would load nothing
    askAgain();
  });
}

/* Asks for this page once more, which keeps what was chosen and typed; who is signed out is led to signing in. */
export function askAgain() {
  keepForReturn();
  location.reload();
}

function showSignedOut() {
  const link = document.createElement("a");
  link.textContent = "You are signed out. Sign in";
  leadThroughSignIn(link);
  light.title = "Nothing that this page shows or does is up to date any more.";
  light.replaceChildren(link);
}

function showLost() {
  const { why: [short, fix] } = now();
  const said = Object.assign(document.createElement("span"), { className: "live-why", textContent: `: ${short}` });
  light.title = `Since the last sign of life ${short}. ${fix}`;
  light.replaceChildren(`Not live since ${clockTime(byServer(since))}`, said);
}
