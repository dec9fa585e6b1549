/* The live page: one tab of a person in a browser holds the stream and shares it with the others. */
import { canShare, me, name, onMessage, post } from "./channel.js";
import { heardAfter, retryFailed } from "./fragments.js";
import { dateLight, hear, lastId } from "./hearing.js";
import * as light from "./light.js";
import { tellLost } from "./lost.js";
import * as stream from "./stream.js";
import { onGap, shown } from "./versions.js";

const SILENCE = 12000; // milliseconds; the tab that leads passes on what the server says every 5 s
const LOOK = 2000;
const RENEWED = 5000; // milliseconds; a page that is older came before its person signed in again
let word = Date.now(); // the last sign of life of the tab that leads
let letOthersLead = () => {};

function lead() {
  if (light.isOver()) return null;
  stream.begin();
  post({ whose: true }); // what the others show
  // The lock is held until the tab goes or is signed out, or another takes it from one that sleeps.
  return new Promise((resolve) => { letOthersLead = resolve; });
}

function follow() {
  stream.stop();
  word = Date.now();
  navigator.locks.request(name, lead).catch(goOn);
  introduce(performance.now());
}

function takeOver() {
  word = Date.now();
  hear({ state: "lost", why: light.whySilent() });
  navigator.locks.request(name, { steal: true }, lead).catch(goOn);
}

/* Only where another tab took the lock: WebKit refuses every lock to a page that is left, which would ask for ever. */
function goOn({ name: why }) {
  if (why === "AbortError") follow();
}

/* Tells the tab that leads what this one shows; `age`: milliseconds since it last knew everything. */
function introduce(age) {
  post({ hello: me, id: lastId(), age, watches: shown() });
}

function welcome({ hello, id, age, watches }) {
  const since = performance.now() - age - 1000;
  const isNew = !id && since > stream.leadsSince();
  const topics = id === lastId() ? [] : isNew ? heardAfter(since) : ["all"];
  post({ to: hello, ...light.told(), id: lastId(), topics });
  stream.watch(watches);
}

function hearTab(message) {
  if (message.renewed) {
    if (performance.now() > RENEWED) light.askAgain(); // its forms belong to the session that ended
  } else if (light.isOver()) {
    if (message.state === "live") light.askAgain(); // the same person has signed in again, in another tab
  } else if (message.whose) {
    if (!stream.leads()) introduce(performance.now());
  } else if (message.hello) {
    if (stream.leads()) welcome(message);
  } else if ((!message.to || message.to === me) && !stream.leads()) {
    word = Date.now();
    hear(message);
  }
}

/* Who is signed out leads no one: another tab may have signed in again. */
function leave() {
  stream.stop();
  letOthersLead();
}

function look() {
  tellLost(); // how old what it shows is by now
  if (light.isOver()) return leave();
  if (stream.leads()) stream.check();
  else if (!document.hidden && light.age(word) > SILENCE) takeOver();
  return dateLight();
}

// A tab that wakes, is shown again, or has a network again, asks at once.
function wake() {
  if (stream.leads() && stream.isDoubtful()) stream.connect();
  else look();
}

onGap(() => {
  if (stream.leads()) stream.connect();
  else introduce(0);
});
addEventListener("online", () => {
  retryFailed(); // asked for without a network
  wake();
});
addEventListener("offline", () => { if (stream.leads()) stream.tell({ state: "lost", why: "network" }); });
document.addEventListener("signed-out", () => hear({ state: "ended" }));
document.addEventListener("visibilitychange", () => { if (!document.hidden) wake(); });
addEventListener("pageshow", ({ persisted }) => { // the browser's old page, as it was when it was left
  if (!persisted || light.isOver()) return;
  if (stream.leads()) stream.connect();
  else follow();
});
setInterval(look, LOOK);

if (canShare) {
  onMessage(hearTab);
  follow();
} else lead();
