/* Every instant of the page (time[datetime]) in one zone, which the header names: the browser's or the cluster's, as
   chosen in the account menu. Without this module they stay in the zone of the server. */
import { now } from "./clock.js";

const KEY = "zone";
const SHOWN = "time[datetime]";
const { serverZone, clusterZone } = document.body.dataset;
const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const ZONES = { browser: browserZone, cluster: clusterZone || serverZone || browserZone };
let zone, today, parts, exact;

const formatIn = (timeZone, options) => new Intl.DateTimeFormat("en-GB", { timeZone, hourCycle: "h23", ...options });
const chosen = () => (localStorage.getItem(KEY) in ZONES ? localStorage.getItem(KEY) : "browser");

function partsOf(instant) {
  return Object.fromEntries(parts.formatToParts(instant).map(({ type, value }) => [type, value]));
}

function choose() {
  zone = ZONES[chosen()];
  const date = { year: "numeric", month: "short", day: "numeric" };
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  try {
    parts = formatIn(zone, { ...date, ...time });
  } catch { // a zone that this browser does not know
    zone = ZONES.browser;
    parts = formatIn(zone, { ...date, ...time });
  }
  exact = formatIn(zone, { weekday: "short", ...date, ...time });
}

/* An instant (a Date) as 14:02:33 today, 26 Nov 14:02 on another day, with the year in another year. */
export function shortTime(instant) {
  const { year, month, day, hour, minute, second } = partsOf(instant);
  if (`${year} ${month} ${day}` === `${today.year} ${today.month} ${today.day}`) return `${hour}:${minute}:${second}`;
  return `${day} ${month} ${year === today.year ? "" : `${year} `}${hour}:${minute}`;
}

/* The same with its day whenever that is, as 27 Nov 14:02:33. */
function datedTime(instant) {
  const { year, month, day, hour, minute, second } = partsOf(instant);
  return year === today.year ? `${day} ${month} ${hour}:${minute}:${second}` : shortTime(instant);
}

/* An instant (a Date or milliseconds since 1970) as 14:02:33. */
export function clockTime(instant) {
  const { hour, minute, second } = partsOf(instant);
  return `${hour}:${minute}:${second}`;
}

const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60]];

/* How long ago an instant was, as 4 minutes ago. */
function since(instant) {
  const seconds = (now() - instant) / 1000;
  const [unit, length] = UNITS.find(([, least]) => seconds >= least) ?? [];
  if (!unit) return "just now";
  const count = Math.floor(seconds / length);
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}

/* Day of the week, day of the month, hour and minute of an instant (a Date) in the zone of the page. */
export function wallClock(instant) {
  const { weekday, day, hour, minute } = Object.fromEntries(exact.formatToParts(instant).map((p) => [p.type, p.value]));
  return { weekday, day, hour, minute };
}

function show(element) {
  const instant = new Date(element.dateTime);
  if (Number.isNaN(instant.getTime())) return;
  const as = "ago" in element.dataset ? since : "dated" in element.dataset ? datedTime : shortTime;
  const text = as(instant);
  const title = `${exact.format(instant).replaceAll(",", "")} ${zone}`;
  if (element.textContent !== text) element.textContent = text;
  if (element.title !== title) element.title = title;
}

function showIn(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  if (node.matches(SHOWN)) show(node);
  for (const element of node.querySelectorAll(SHOWN)) show(element);
}

function showAll() {
  today = partsOf(now());
  showIn(document.body);
}

function nameZone() {
  for (const place of document.querySelectorAll("[data-zone]")) place.textContent = zone;
  for (const choice of document.querySelectorAll("[data-zone-choice] input")) {
    choice.checked = choice.value === chosen();
    choice.labels[0].querySelector("[data-zone-of]").textContent = ZONES[choice.value];
  }
  for (const place of document.querySelectorAll("[data-zone-choice]")) place.hidden = false;
}

function begin() {
  choose();
  nameZone();
  showAll();
  document.dispatchEvent(new Event("zone"));
}

document.addEventListener("change", ({ target }) => {
  if (target.name !== "zone" || !target.closest("[data-zone-choice]")) return;
  localStorage.setItem(KEY, target.value);
  begin();
});
addEventListener("storage", ({ key }) => { if (key === KEY) begin(); }); // chosen in another tab
setInterval(() => { if (partsOf(now()).day !== today.day) showAll(); }, 1000); // midnight

setInterval(() => { for (const element of document.querySelectorAll("time[data-ago]")) show(element); }, 15_000);

// Whatever brings a time into the page (the stream, an answer, a message), it is shown before the next paint.
new MutationObserver((changes) => {
  for (const { target, addedNodes } of changes) {
    const inside = (target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement)?.closest(SHOWN);
    if (inside) show(inside);
    else for (const node of addedNodes) showIn(node);
  }
}).observe(document.body, {
  subtree: true,
  childList: true,
  characterData: true,
  attributeFilter: ["datetime", "title"],
});
begin();
