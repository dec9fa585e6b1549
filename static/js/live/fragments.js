/* What is personal or of other pages: elements with data-live and hx-get fetch their own fragment again when the stream
   names one of their topics, or all. */
import { isLive } from "./light.js";
import { keepForReturn } from "./return.js";
import { isInUse, isPressed, onRelease } from "./press.js";
import { keepTyped } from "./typed.js";

const MOST = 4; // fetches at once
const GAP = 600; // milliseconds between two fetches of one element
const GIVEN_UP = 20000; // milliseconds after which a fetch no longer counts
const LIVE = "[data-live][hx-get]";
const BOARD = "[data-board]"; // what shows the cluster: it comes by the stream

const waiting = new Set(), fetching = new Map(), fetched = new WeakMap(), failed = new Set();
const heard = new Map(), asked = new WeakMap(); // when: by topic, by request
let pumping = 0, answered = 0;

export const heardAfter = (time) => [...heard.keys()].filter((topic) => heard.get(topic) > time);

export function hearTopics(topics) {
  for (const topic of topics) heard.set(topic, performance.now());
  fetchAgain(topics);
}

export function retryFailed() {
  for (const element of failed) waiting.add(element);
  failed.clear();
  pump();
}

function fetchAgain(topics, within = document) {
  const named = (element) => element.dataset.live.split(" ").some((topic) => topics.includes(topic));
  for (const element of document.querySelectorAll(LIVE)) {
    if (element.closest(BOARD) || !within.contains(element)) continue;
    if (topics.includes("all") || named(element)) waiting.add(element);
  }
  const isBrought = (element) => [...waiting].some((outer) => outer !== element && outer.contains(element));
  for (const element of waiting) if (isBrought(element)) waiting.delete(element); // along with what is around it
  pump();
}

function isReady(element, now) {
  return !fetching.has(element) && now - (fetched.get(element) ?? -Infinity) > GAP && !isInUse(element);
}

function begin(element, now) {
  waiting.delete(element);
  fetching.set(element, now);
  fetched.set(element, now);
  element.dispatchEvent(new Event("live")); // not htmx.trigger: that bubbles and wakes what is around it
  const isTaken = element.matches(".htmx-request"); // htmx knows a new element in a moment
  if (!isTaken && fetching.delete(element)) waiting.add(element);
}

function pump() {
  const now = performance.now();
  for (const [element, begun] of fetching)
    if (!element.isConnected || now - begun > GIVEN_UP) fetching.delete(element);
  for (const element of waiting) {
    if (!element.isConnected) waiting.delete(element);
    else if (!document.hidden && fetching.size < MOST && isReady(element, now)) begin(element, now);
  }
  if (waiting.size && !pumping && !document.hidden) pumping = setTimeout(() => { pumping = 0; pump(); }, 150);
}

function later(element, seconds) {
  setTimeout(() => { waiting.add(element); pump(); }, 1000 * seconds);
}

const isSignIn = (address) =>
  new URL(address || location.href).pathname.startsWith(
    new URL(document.body.dataset.stream, location.href).pathname.replace(/stream$/, "sign-in"));

// What an answer brings may be older than what was heard while it was on its way, be it new here or fetched again.
document.addEventListener("htmx:beforeSend", ({ detail }) => asked.set(detail.xhr, performance.now()));
document.addEventListener("htmx:oobAfterSwap", ({ detail }) => fetchAgain(heardAfter(answered), detail.target));
document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  fetching.delete(target); // also when another request came before it
  fetchAgain(heardAfter(asked.get(detail.xhr) ?? 0), target);
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!fetching.delete(detail.elt)) return;
  if (!detail.successful) failed.add(detail.elt);
  pump();
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target, requestConfig: { elt: asker } } = event.detail;
  answered = asked.get(xhr) ?? 0; // what it brings out of band is swapped at once
  if (xhr.status === 503 && asker.matches(LIVE)) { // no person asked: no message, it comes later
    event.detail.shouldSwap = false;
    later(asker, Number(xhr.getResponseHeader("Retry-After")) || 3);
  }
  if (isSignIn(xhr.responseURL)) { // signed out meanwhile: the page of signing in is no fragment
    event.detail.shouldSwap = false;
    if (asker.matches(LIVE) && keepTyped().length) { // no person asked: who types is told, and not led away
      document.dispatchEvent(new Event("signed-out"));
      return;
    }
    keepForReturn(event.detail.requestConfig);
    location.reload();
  }
  if (fetching.has(target) && isInUse(target)) { // asked for before the drag or the menu began
    event.detail.shouldSwap = false;
    waiting.add(target);
  }
});

document.addEventListener("htmx:oobBeforeSwap", (event) => { // along with another answer: fetched when it is let go
  const { target } = event.detail;
  if (target.closest(BOARD)) event.detail.shouldSwap = !isLive() && !isPressed(); // it comes by the stream
  if (!isPressed() || target.closest(BOARD) || !target.matches(LIVE)) return;
  event.detail.shouldSwap = false;
  waiting.add(target);
  pump();
});

document.addEventListener("visibilitychange", pump);
onRelease(pump);
