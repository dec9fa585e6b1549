/* The light in the header: Live, or not and why, or signed out. */
import { keepForReturn } from "./return.js";
import { clockTime } from "../page/times.js";

const WHY = {
  network: ["the network is silent", "Check the connection of this machine."],
  server: ["the server does not answer", "If it lasts, look at the web process."],
  database: ["the database does not answer", "Look at PostgreSQL."],
  news: ["Redis does not answer", "Look at Redis."],
};
const light = document.getElementById("live");
let state = "", why = "", seen = Date.now(); // the last sign of life of the server

export const isLive = () => state === "live";
export const isLost = () => state === "lost";
export const isOver = () => state === "ended";
export const now = () => ({ state, why, seen });
export const sign = (time = Date.now()) => { seen = time; };

/* Shows a state ("live", "lost", "ended"); answers whether it is another than before. */
export function show(next, reason = "") {
  if (!next || isOver() || (next === state && reason === why)) return false;
  [state, why] = [next, reason];
  light.dataset.state = isLive() ? "live" : "lost";
  document.body.classList.toggle("stale", !isLive());
  if (isOver()) showSignedOut();
  else if (isLost()) showLost();
  else light.textContent = "Live";
  return true;
}

/* Says in the title what is shown, of which instant (milliseconds since 1970). */
export function date(version, instant) {
  const silence = Math.round((Date.now() - seen) / 1000);
  light.title = `Shows version ${version}, of ${clockTime(instant)}, ${silence} s after the last sign of life`;
}

function showSignedOut() {
  const link = document.createElement("a");
  link.href = location.href; // signing in leads back to it
  link.textContent = "You are signed out. Sign in";
  link.addEventListener("click", () => keepForReturn());
  light.title = "Nothing that this page shows or does is up to date any more.";
  light.replaceChildren(link);
}

function showLost() {
  const [short, fix] = WHY[why] ?? WHY.server;
  const reason = Object.assign(document.createElement("span"), { className: "live-why", textContent: `: ${short}` });
  light.title = `Since the last sign of life ${short}. ${fix} This page comes back by itself.`;
  light.replaceChildren(`Not live since ${clockTime(seen)}`, reason);
}
