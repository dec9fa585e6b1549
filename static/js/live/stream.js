/* The connection of the tab that leads: it hears for all tabs, knows whether the server lives, and comes back. */
import { post } from "./channel.js";
import { hear, lastId } from "./hearing.js";
import * as light from "./light.js";
import { shown } from "./versions.js";

const SILENCE = 12000; // milliseconds; the server says something every 5 s
const DOZE = 7000; // older than this, the last sign of life is asked for again when the tab is shown
const PATIENCE = 1500; // a connection that is back by then was not lost
const FIRST = 500, LONGEST = 8000; // between two attempts
const HEAD = /^<div data-cluster="([^"]*)" data-version="(\d+)"[^>]*? data-kind="([^"]*)"(?: data-after="(\d+)")?>/;

const { person, at, stream } = document.body.dataset;
const url = new URL(stream, location.href).pathname;
const watched = new Map(); // by cluster: the version and kind of viewer that tabs show
let source = null, back = FIRST, doubt = 0, next = 0, since = null;

/* When this tab began to lead, in the page's time; null while another leads. */
export const leadsSince = () => since;
export const leads = () => since !== null;

export function begin() {
  since = performance.now();
  watched.clear();
  connect();
}

export function stop() {
  close();
  [source, since] = [null, null];
}

export function tell(message) {
  const whole = { ...message, seen: light.told().seen };
  hear(whole);
  post(whole);
}

export function connect() {
  clearTimeout(next);
  source?.close();
  if (light.isOver() || !leads()) return;
  const mine = shown();
  if (mine.cluster) watched.set(mine.cluster, mine);
  source = new EventSource(`${url}?${question()}`);
  source.begun = Date.now();
  source.addEventListener("cluster", hearCluster);
  source.addEventListener("gone", ({ data: gone }) => {
    sign();
    watched.delete(gone);
    tell({ gone });
  });
  source.addEventListener("topics", ({ data, lastEventId: id }) => {
    sign();
    tell({ state: "live", id, topics: data.split(" ").filter(Boolean) });
  });
  source.addEventListener("alive", ({ data }) => {
    sign();
    const [now, build] = data.split(" ");
    const { state, why } = light.told();
    const isBack = navigator.onLine && ["network", "silence", "server"].includes(why);
    tell({ ...(isBack ? { state: "live" } : { state, why }), id: lastId(), now, build });
  });
  source.addEventListener("lost", ({ data }) => {
    settle();
    tell({ state: "lost", why: data });
  });
  source.addEventListener("ended", ask);
  source.onerror = ask;
}

/* Another tab shows a cluster; what it lacks is asked for. */
export function watch({ cluster, version, kind }) {
  if (!cluster || watched.get(cluster)?.version === version) return;
  watched.set(cluster, { version: watched.has(cluster) ? "" : version, kind }); // for all who show it, everything
  connect();
}

/* Called now and then: a server that has been silent for too long is lost. */
export function check() {
  const isOpen = source && source.readyState !== EventSource.CLOSED;
  if (!isOpen || light.age(Math.max(light.told().seen, source.begun)) <= SILENCE) return;
  tell({ state: "lost", why: light.whySilent() });
  again();
}

/* Whether a tab that is shown now should ask at once. */
export const isDoubtful = () =>
  !light.isLive() || light.age(light.told().seen) > DOZE || source.readyState === EventSource.CLOSED;

function question() {
  const query = new URLSearchParams([["as", person], lastId() ? ["after", lastId()] : ["at", at]]);
  for (const [cluster, { kind, version }] of watched)
    for (const [key, value] of Object.entries({ cluster, kind, version })) query.append(key, value);
  return query;
}

function hearCluster({ data: html, lastEventId: version }) {
  sign();
  const [, name, , kind, after] = html.match(HEAD);
  const cluster = Object.assign(document.createElement("textarea"), { innerHTML: name }).value;
  if (watched.has(cluster)) watched.set(cluster, { kind, version });
  tell({ state: "live", news: { cluster, kind, version, after, html } });
}

function sign() {
  light.sign();
  settle();
}

function settle() {
  back = FIRST;
  clearTimeout(doubt);
  doubt = 0;
}

function close() {
  source?.close();
  clearTimeout(next);
  clearTimeout(doubt);
}

function end() {
  close();
  tell({ state: "ended" });
}

// A stream does not say why it was refused; the same address asked plainly does. One whose session ended may be that of
// a person who has signed in again by now, in another tab: pages from before are asked for again.
async function ask({ target, type }) {
  const isEnded = type === "ended", isRefused = target.readyState === EventSource.CLOSED;
  target.close();
  if (target !== source) return;
  again();
  if (!isRefused && !isEnded) return;
  const leave = new AbortController();
  try {
    const { status, ok } = await fetch(target.url, { signal: leave.signal });
    leave.abort();
    if (status === 401) end();
    else if (status === 503) doubtIt("database");
    else if (ok && isEnded) renew();
  } catch { /* it is tried again anyway */ }
}

function renew() {
  post({ renewed: true });
  light.askAgain();
}

function doubtIt(reason) {
  clearTimeout(doubt);
  doubt = setTimeout(() => tell({ state: "lost", why: reason }), PATIENCE);
}

function again() {
  source.close();
  if (!doubt && !light.isLost()) doubtIt(navigator.onLine ? "server" : "network");
  clearTimeout(next);
  next = setTimeout(connect, back * (0.75 + Math.random() / 2)); // not all browsers in the same instant
  back = Math.min(back * 2, LONGEST);
}
