/* The live page: one tab of a browser holds the stream and shares it; what it names, each tab fetches again. */
(() => {
  "use strict";
  const url = document.body.dataset.stream;
  if (!url) return;
  const MOST = 4; // fetches at once
  const GAP = 600; // milliseconds between two fetches of one element
  const SILENCE = 40000; // the server says something every 15 s
  const PATIENCE = 1500; // a connection that is back by then was not lost
  const LIVE = "[data-live][hx-get]";
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("homenode-live") : null;
  const me = `${Date.now()}-${Math.random()}`;

  // --- Fetching -------------------------------------------------------------------------------------
  const waiting = new Set(), fetching = new Map(), fetched = new WeakMap(), failed = new Set();
  const heard = new Map(), asked = new WeakMap(); // when: by topic, by request
  let pumping = 0, typedAt = -Infinity, answered = 0, pressed = false;

  function news(topics, within = document) {
    const named = (element) => element.dataset.live.split(" ").some((topic) => topics.includes(topic));
    for (const element of document.querySelectorAll(LIVE))
      if (within.contains(element) && (topics.includes("all") || named(element))) waiting.add(element);
    const brought = (element) => [...waiting].some((outer) => outer !== element && outer.contains(element));
    for (const element of waiting) if (brought(element)) waiting.delete(element); // along with what is around it
    pump();
  }

  function inUse(element) {
    if (pressed || document.body.classList.contains("dragging")) return true;
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
        if (!element.matches(".htmx-request") && fetching.delete(element)) waiting.add(element); // htmx knows it in a moment
      }
    }
    if (waiting.size && !pumping && !document.hidden) pumping = setTimeout(() => { pumping = 0; pump(); }, 150);
  }

  // What an answer brings may be older than what was heard while it was on its way, be it new here or fetched again.
  const heardAfter = (time) => [...heard.keys()].filter((topic) => heard.get(topic) > time);
  document.addEventListener("htmx:beforeSend", ({ detail }) => asked.set(detail.xhr, performance.now()));
  document.addEventListener("htmx:oobAfterSwap", ({ detail }) => news(heardAfter(answered), detail.target));
  document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
    fetching.delete(target); // also when another request came before it
    news(heardAfter(asked.get(detail.xhr) ?? 0), target);
  });

  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!fetching.delete(detail.elt)) return;
    if (!detail.successful) failed.add(detail.elt);
    pump();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    answered = asked.get(event.detail.xhr) ?? 0; // what it brings out of band is swapped at once
    if (new URL(event.detail.xhr.responseURL || location.href).pathname.startsWith(url.replace(/stream$/, "sign-in"))) {
      event.detail.shouldSwap = false; // signed out meanwhile: the page of signing in is no fragment
      location.reload();
    }
    if (fetching.has(event.detail.target) && inUse(event.detail.target)) { // asked for before the drag or the menu began
      event.detail.shouldSwap = false;
      waiting.add(event.detail.target);
    }
  });
  document.addEventListener("htmx:oobBeforeSwap", (event) => { // along with another answer: fetched when it is let go
    if (!pressed || !event.detail.target.matches(LIVE)) return;
    event.detail.shouldSwap = false;
    waiting.add(event.detail.target);
    pump();
  });
  document.addEventListener("visibilitychange", pump);

  // What is pressed stays until the click or the drag that begins with it: on a new element neither would arrive.
  const release = () => { if (pressed) { pressed = false; pump(); } };
  addEventListener("pointerdown", () => { pressed = true; }, true);
  addEventListener("pointerup", () => setTimeout(release), true); // the click comes after it
  addEventListener("pointermove", ({ buttons }) => { if (!buttons) release(); }, true); // let go where nobody saw it
  addEventListener("pointercancel", release, true);
  addEventListener("blur", release); // of the window: it does not bubble

  for (const kind of ["input", "focusin"])
    document.addEventListener(kind, (event) => { if (event.target.matches("input, textarea, select")) typedAt = performance.now(); });
  Object.defineProperty(Idiomorph.defaults, "ignoreActiveValue", {
    enumerable: true, get: () => document.activeElement.matches("input, textarea, select") }); // what is being typed stays

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
    for (const topic of topics ?? []) heard.set(topic, performance.now());
    news(topics ?? []);
  }

  // --- The tab that holds the stream --------------------------------------------------------------------
  let source = null, back = 500, doubt = 0, leads = null;

  function tell(message) { hear(message); channel?.postMessage(message); }

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
    channel.postMessage({ to: hello, state, id: last, topics: since > leads ? heardAfter(since) : ["all"] });
  }

  if (!channel || !navigator.locks) return void lead();
  channel.onmessage = ({ data }) => {
    if (data.hello) { if (leads !== null) welcome(data); }
    else if (!data.to || data.to === me) hear(data);
  };
  navigator.locks.request("homenode-live", lead);
  channel.postMessage({ hello: me, age: performance.now() });
})();
