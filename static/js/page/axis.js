/* The axis of time below curves: lines and words at round times of the zone that the page names, whichever was chosen.
   The server draws the same in its own (load_axis.py). */
import { wallClock } from "./times.js";

const SVG = "http://www.w3.org/2000/svg";
const DAY = 86_400;
const axis = document.getElementById("load-axis");

function make(name, attributes, words = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = words;
  return element;
}

function ticks(since, until, every) {
  const step = every < 900 ? 300 : 900; // a round time of any zone is one of these
  const found = [];
  for (let at = Math.ceil(since / step) * step; at <= until; at += step) {
    const { weekday, day, hour, minute } = wallClock(new Date(1000 * at));
    const ofDay = 3600 * hour + 60 * minute;
    if (ofDay % every) continue;
    const fine = every === DAY ? found.length % 2 : ofDay % (2 * every);
    const kind = `${fine ? "is-fine" : ""} ${ofDay === 0 ? "is-day" : ""}`;
    const words = ofDay === 0 ? `${weekday} ${day}` : `${hour}:${minute}`;
    found.push({ x: `${100 * (at - since) / (until - since)}%`, kind, words });
  }
  return found;
}

function draw() {
  const { since, until, every } = axis.dataset;
  const found = ticks(Number(since), Number(until), Number(every));
  axis.replaceChildren(...found.map(({ x, kind, words }) => make("text", { x, y: 13, class: kind }, words)));
  for (const grid of document.querySelectorAll("[data-grid]")) {
    grid.replaceChildren(...found.map(({ x, kind }) => make("line", { x1: x, x2: x, y1: 0, y2: "100%", class: kind })));
  }
}

if (axis) {
  document.addEventListener("zone", draw);
  draw();
}
