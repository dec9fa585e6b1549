/* The live page: one tab of a browser holds the stream and shares it; what it names, each tab fetches again. */
(() => {
  "use strict";
  const url = document.body.dataset.stream;
  if (!url) return;
  const MOST = 4; // fetches at once
  const GAP = 600; // milliseconds between two fetches of one element
  const SILENCE = 40000; // the server says something every 15 s
  const PATIENCE = 1500; // a connection that is back by then was not lost
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("homenode-live") : null;
  const me = `${Date.now()}-${Math.random()}`;

  // --- Fetching -------------------------------------------------------------------------------------
  const waiting = new Set(), fetching = new Map(), fetched = new WeakMap(), failed = new Set();
  let pumping = 0, typedAt = -Infinity;

  function news(topics) {
    const all = topics.includes("all");
    for (const element of document.querySelectorAll("[data-live][hx-get]"))
      if (all || element.dataset.live.split(" ").some((topic) => topics.includes(topic))) waiting.add(element);
    for (const element of waiting) if (around(element).some((outer) => waiting.has(outer))) waiting.delete(element);
    pump();
  }

  function around(element) { // what brings this element along when it is fetched
    const outer = element.parentElement?.closest("[data-live][hx-get]");
    return outer ? [outer, ...around(outer)] : [];
  }

  function inUse(element) {
    if (document.body.classList.contains("dragging")) return true;
    if (element.querySelector(":popover-open, dialog[open], details[data-menu][open]")) return true;
    const field = document.activeElement;
    return performance.now() - typedAt < 2500 && element.contains(field) && field.matches("input, textarea, select");
  }

  function ready(element, now) {
    return !fetching.has(element) && now - (fetched.get(element) ?? -Infinity) > GAP && !inUse(element);
  }

  function pump() {
    const now = performance.now();
    for (const [element, begun] of fetching) if (!element.isConnected || now - begun > 20000) fetching.delete(element);
    for (const element of waiting) {
      if (!element.isConnected) waiting.delete(element);
      else if (!document.hidden && fetching.size < MOST && ready(element, now)) {
        waiting.delete(element);
        fetching.set(element, now);
        fetched.set(element, now);
        element.dispatchEvent(new Event("live")); // not htmx.trigger: that bubbles and wakes what is around it
      }
    }
    if (waiting.size && !pumping && !document.hidden) pumping = setTimeout(() => { pumping = 0; pump(); }, 150);
  }

  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!fetching.delete(detail.elt)) return;
    if (!detail.successful) failed.add(detail.elt);
    pump();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (new URL(event.detail.xhr.responseURL || location.href).pathname.startsWith("/sign-in")) {
      event.detail.shouldSwap = false; // signed out meanwhile: the page of signing in is no fragment
      location.reload();
    }
    if (fetching.has(event.detail.target) && inUse(event.detail.target)) { // asked for before the drag or the menu began
      event.detail.shouldSwap = false;
      waiting.add(event.detail.target);
    }
  });
  document.addEventListener("visibilitychange", pump);
  for (const kind of ["input", "focusin"])
    document.addEventListener(kind, (event) => { if (event.target.matches("input, textarea, select")) typedAt = performance.now(); });
  Idiomorph.defaults.ignoreActiveValue = true; // what is being typed stays

  // --- What every tab is told ---------------------------------------------------------------------------
  let last = "", state = "", seen = 0;

  function show(now) {
    if (!now || now === state) return;
    const light = document.getElementById("live");
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    state = light.dataset.state = now;
    light.textContent = now === "live" ? "Live" : `Not live since ${time}`;
    document.body.classList.toggle("stale", now !== "live");
    if (now !== "live") return;
    for (const element of failed) waiting.add(element);
    failed.clear();
  }

  function hear({ state: now, id, topics }) {
    last = id || last;
    show(now);
    if (topics) news(topics);
    pump();
  }

  // --- The tab that holds the stream --------------------------------------------------------------------
  const recent = []; // what was told in the last minute, for tabs that come late
  let source = null, back = 500, doubt = 0, leads = null;

  function tell(message) {
    const now = performance.now();
    if (message.topics) recent.push([now, message.topics]);
    while (recent.length && now - recent[0][0] > 60000) recent.shift();
    hear(message);
    channel?.postMessage(message);
  }

  function connect() {
    source = new EventSource(`${url}?${last ? `after=${last}` : `age=${Math.round(performance.now())}`}`);
    const sign = () => { seen = performance.now(); back = 500; clearTimeout(doubt); doubt = 0; };
    source.addEventListener("topics", (event) => {
      sign();
      tell({ state: "live", id: event.lastEventId, topics: event.data.split(" ").filter(Boolean) });
    });
    source.addEventListener("alive", sign);
    source.addEventListener("lost", () => { sign(); tell({ state: "lost" }); });
    source.onerror = again;
    seen = performance.now();
  }

  function again() {
    source.close();
    doubt ||= setTimeout(() => tell({ state: "lost" }), PATIENCE);
    setTimeout(connect, back * (0.75 + Math.random() / 2)); // not all browsers in the same instant
    back = Math.min(back * 2, 8000);
  }

  function lead() {
    leads = performance.now();
    connect();
    setInterval(() => { if (source.readyState === EventSource.OPEN && performance.now() - seen > SILENCE) again(); }, 5000);
    return new Promise(() => {}); // the lock is held until the tab goes
  }

  function welcome({ hello, age }) {
    const since = performance.now() - age - 1000;
    const known = since > leads ? recent.filter(([at]) => at > since).flatMap(([, topics]) => topics) : ["all"];
    channel.postMessage({ to: hello, state, id: last, topics: known });
  }

  if (!channel || !navigator.locks) return void lead();
  channel.onmessage = ({ data }) => {
    if (data.hello) { if (leads !== null) welcome(data); }
    else if (!data.to || data.to === me) hear(data);
  };
  navigator.locks.request("homenode-live", lead);
  channel.postMessage({ hello: me, age: performance.now() });
})();
