/* The live page: one tab of a browser holds the stream and shares it. A cluster comes as whole versions, which each tab
   that shows it morphs in; what is personal, each tab fetches again when the stream names it. */
(() => {
  "use strict";
  if (!document.body.dataset.stream) return;
  const address = new URL(document.body.dataset.stream, location.href);
  const url = address.pathname;
  const MOST = 4; // fetches at once
  const GAP = 600; // milliseconds between two fetches of one element
  const SILENCE = 12000; // the server says something every 5 s, and the tab that leads passes it on
  const DOZE = 7000; // older than this, the last sign of life is asked for again when somebody looks
  const PATIENCE = 1500; // a connection that is back by then was not lost
  const LIVE = "[data-live][hx-get]";
  const BOARD = "[data-board]"; // what shows the cluster: it comes by the stream
  const USED = ":popover-open, dialog[open], details[data-menu][open]";
  const { person, at } = document.body.dataset;
  const name = `homenode-live-${person}`; // two people in one browser share nothing
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(name) : null;
  const me = `${Date.now()}-${Math.random()}`;

  // --- Fetching -------------------------------------------------------------------------------------
  const waiting = new Set(), fetching = new Map(), fetched = new WeakMap(), failed = new Set();
  const heard = new Map(), asked = new WeakMap(); // when: by topic, by request
  let pumping = 0, typedAt = -Infinity, answered = 0, pressed = false;

  function news(topics, within = document) {
    const named = (element) => element.dataset.live.split(" ").some((topic) => topics.includes(topic));
    for (const element of document.querySelectorAll(LIVE))
      if (!element.closest(BOARD) && within.contains(element) && (topics.includes("all") || named(element))) waiting.add(element);
    const brought = (element) => [...waiting].some((outer) => outer !== element && outer.contains(element));
    for (const element of waiting) if (brought(element)) waiting.delete(element); // along with what is around it
    pump();
  }

  function inUse(element) {
    if (pressed || document.body.classList.contains("dragging")) return true;
    if (element.querySelector(USED)) return true;
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
    const { elt: asker } = event.detail.requestConfig;
    if (event.detail.xhr.status === 503 && asker.matches(LIVE)) { // nobody asked for it: no message, it comes later
      event.detail.shouldSwap = false;
      setTimeout(() => { waiting.add(asker); pump(); }, 1000 * (Number(event.detail.xhr.getResponseHeader("Retry-After")) || 3));
    }
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
    if (event.detail.target.closest(BOARD)) event.detail.shouldSwap = state !== "live" && !pressed; // it comes by the stream
    if (!pressed || event.detail.target.closest(BOARD) || !event.detail.target.matches(LIVE)) return;
    event.detail.shouldSwap = false;
    waiting.add(event.detail.target);
    pump();
  });
  document.addEventListener("visibilitychange", pump);

  // --- A cluster, a whole version at a time ---------------------------------------------------------------
  // What came waits together until the hand lets go; a change that does not follow on what is here asks for everything.
  const mine = address.searchParams.get("cluster"), kind = address.searchParams.get("kind");
  const versions = [];
  const BEHIND = 8; // changes that wait; more are fetched as one
  let version = document.body.dataset.version ?? "", due = 0; // what is here, waiting or shown

  function arrive({ cluster, version: now, after, html }) {
    if (cluster !== mine || now === version) return;
    if (after && (after !== version || versions.length >= BEHIND)) {
      [versions.length, version] = [0, ""];
      return want();
    }
    if (!after) versions.length = 0; // it is everything
    versions.push(html);
    version = now;
    apply();
  }

  function apply() {
    if (!versions.length || due) return;
    if (document.hidden || pressed || document.body.classList.contains("dragging")) due = setTimeout(() => { due = 0; apply(); }, 100);
    else for (const html of versions.splice(0)) morph(html);
  }

  function morph(html) {
    const made = document.createElement("template");
    made.innerHTML = html;
    for (const part of made.content.firstElementChild.children) {
      const target = document.getElementById(part.id);
      if (target && inUse(target)) leave(target);
      else if (target) htmx.swap(target, part.outerHTML, { swapStyle: "morph:outerHTML", swapDelay: 0, settleDelay: 0 }, { contextElement: target });
    }
    document.body.dataset.version = made.content.firstElementChild.dataset.version;
  }

  // A card with an open menu, or with what is typed, stays as it is; when it is let go everything is asked for once.
  const left = new Set();

  function leave(target) {
    if (!left.size) setTimeout(function look() {
      if ([...left].some((one) => one.isConnected && inUse(one))) return void setTimeout(look, 100);
      left.clear();
      version = "";
      want();
    }, 100);
    left.add(target);
  }

  function want() {
    if (leads !== null) connect();
    else channel.postMessage({ hello: me, id: last, age: 0, watches: mine, version, kind });
  }

  // What is pressed stays until the click or the drag that begins with it: on a new element neither would arrive.
  const release = () => { if (pressed) { pressed = false; pump(); } };
  addEventListener("pointerdown", () => { pressed = true; }, true);
  addEventListener("keydown", (event) => { if (event.key === "Escape") release(); }, true); // the drag is off: no click comes
  addEventListener("pointerup", () => setTimeout(release), true); // the click comes after it
  addEventListener("pointermove", ({ buttons }) => { if (!buttons) release(); }, true); // let go where nobody saw it
  addEventListener("pointercancel", release, true);
  addEventListener("blur", release); // of the window: it does not bubble

  for (const kind of ["input", "focusin"])
    document.addEventListener(kind, (event) => { if (event.target.matches("input, textarea, select")) typedAt = performance.now(); });
  Object.defineProperty(Idiomorph.defaults, "ignoreActiveValue", {
    enumerable: true, get: () => document.activeElement.matches("input, textarea, select") }); // what is being typed stays

  // --- What every tab is told ---------------------------------------------------------------------------
  const WHY = {
    network: ["the network is silent", "Check the connection of this machine."],
    server: ["the server does not answer", "If it lasts, look at the web process."],
    database: ["the database does not answer", "Look at PostgreSQL."],
    news: ["Redis does not answer", "Look at Redis."],
  };
  let last = "", state = "", why = "", seen = Date.now(), word = Date.now(); // signs of life: of the server, of the tab that leads
  const clock = (time) => new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const light = document.getElementById("live");

  function signedOut() {
    const link = document.createElement("a");
    link.href = location.href; // signing in leads back to it
    link.textContent = "You are signed out. Sign in";
    light.title = "Nothing that this page shows or does is up to date any more.";
    light.replaceChildren(link);
  }

  function notLive() {
    const [short, fix] = WHY[why] ?? WHY.server;
    const reason = Object.assign(document.createElement("span"), { className: "live-why", textContent: `: ${short}` });
    light.title = `Since the last sign of life ${short}. ${fix} This page comes back by itself.`;
    light.replaceChildren(`Not live since ${clock(seen)}`, reason);
  }

  function dateIt() {
    const here = document.body.dataset.version, instant = here ? here / 1000 : Number(last.split("-")[0] || at);
    light.title = `Shows version ${here ?? (last || at)}, of ${clock(instant)}, ${Math.round((Date.now() - seen) / 1000)} s after the last sign of life`;
  }

  function show(now, reason = "") {
    if (!now || state === "ended" || (now === state && reason === why)) return;
    [state, why] = [now, reason];
    light.dataset.state = now === "live" ? "live" : "lost";
    document.body.classList.toggle("stale", now !== "live");
    if (now === "ended") return signedOut();
    if (now === "lost") return notLive();
    light.textContent = "Live";
    for (const element of failed) waiting.add(element);
    failed.clear();
  }

  function hear({ state: now, why: reason, id, topics, seen: sign, news: told }) {
    last = id || last;
    word = Date.now();
    seen = sign ?? seen;
    show(now, reason);
    if (told) arrive(told);
    if (state === "live") dateIt();
    for (const topic of topics ?? []) heard.set(topic, performance.now());
    news(topics ?? []);
  }

  // --- The tab that holds the stream --------------------------------------------------------------------
  let source = null, back = 500, doubt = 0, leads = null, next = 0;
  const watched = new Map(); // by cluster: the version and kind of viewer that other tabs show

  function tell(message) {
    const whole = { ...message, seen };
    hear(whole);
    channel?.postMessage(whole);
  }

  function sign() {
    [seen, back] = [Date.now(), 500];
    clearTimeout(doubt);
    doubt = 0;
  }

  function connect() {
    clearTimeout(next);
    source?.close();
    if (state === "ended" || leads === null) return;
    if (mine) watched.set(mine, { version, kind });
    const query = new URLSearchParams([["as", person], last ? ["after", last] : ["at", at]]);
    for (const [cluster, { kind, version }] of watched)
      for (const [key, value] of Object.entries({ cluster, kind, version })) query.append(key, value);
    source = new EventSource(`${url}?${query}`);
    source.begun = Date.now();
    source.addEventListener("cluster", ({ data, lastEventId: now }) => {
      sign();
      const [, name, , after] = data.match(/^<div data-cluster="([^"]*)" data-version="(\d+)"[^>]*?(?: data-after="(\d+)")?>/);
      const cluster = Object.assign(document.createElement("textarea"), { innerHTML: name }).value;
      if (watched.has(cluster)) watched.get(cluster).version = now;
      tell({ state: "live", news: { cluster, version: now, after, html: data } });
    });
    source.addEventListener("topics", (event) => {
      sign();
      tell({ state: "live", id: event.lastEventId, topics: event.data.split(" ").filter(Boolean) });
    });
    source.addEventListener("alive", () => {
      sign();
      if (navigator.onLine && ["network", "server"].includes(why)) tell({ state: "live", id: last }); // it is there
      else tell({ state, why, id: last });
    });
    source.addEventListener("lost", ({ data }) => { clearTimeout(doubt); doubt = 0; back = 500; tell({ state: "lost", why: data }); });
    source.addEventListener("ended", end);
    source.onerror = ask;
  }

  function end() {
    source?.close();
    clearTimeout(next);
    clearTimeout(doubt);
    tell({ state: "ended" });
  }

  // A stream does not say why it was refused; the same address asked plainly does.
  async function ask({ target }) {
    const refused = target.readyState === EventSource.CLOSED;
    target.close();
    if (target !== source) return;
    again();
    if (!refused) return;
    const leave = new AbortController();
    try {
      const { status } = await fetch(source.url, { signal: leave.signal });
      leave.abort();
      if (status === 401) end();
      else if (status === 503) doubts("database");
    } catch { /* it is tried again anyway */ }
  }

  function doubts(reason) {
    clearTimeout(doubt);
    doubt = setTimeout(() => tell({ state: "lost", why: reason }), PATIENCE);
  }

  function again() {
    source.close();
    if (!doubt && state !== "lost") doubts(navigator.onLine ? "server" : "network");
    clearTimeout(next);
    next = setTimeout(connect, back * (0.75 + Math.random() / 2)); // not all browsers in the same instant
    back = Math.min(back * 2, 8000);
  }

  function lead() {
    leads = performance.now();
    watched.clear();
    connect();
    channel?.postMessage({ whose: true }); // what the others show
    return new Promise(() => {}); // the lock is held until the tab goes, or another takes it from one that sleeps
  }

  function follow() {
    source?.close();
    clearTimeout(next);
    clearTimeout(doubt);
    [source, leads, word] = [null, null, Date.now()];
    navigator.locks.request(name, lead).catch(follow);
    introduce();
  }

  function introduce() {
    channel.postMessage({ hello: me, id: last, age: performance.now(), watches: mine, version, kind });
  }

  function takeOver() {
    word = Date.now();
    show("lost", "network");
    navigator.locks.request(name, { steal: true }, lead).catch(follow);
  }

  function watch() {
    const now = Date.now();
    if (state === "ended") return;
    if (leads === null) {
      if (!document.hidden && now - word > SILENCE) takeOver();
    } else if (source?.readyState !== EventSource.CLOSED && now - Math.max(seen, source.begun) > SILENCE) {
      tell({ state: "lost", why: "network" });
      again();
    }
    if (state === "live") dateIt();
  }

  // Whoever wakes, is looked at again, or has a network again, asks at once.
  function wake() {
    if (leads !== null && (state !== "live" || Date.now() - seen > DOZE || source.readyState === EventSource.CLOSED)) connect();
    else watch();
  }

  function welcome({ hello, id, age, watches, version: theirs, kind: theirKind }) {
    const since = performance.now() - age - 1000;
    const topics = id === last ? [] : !id && since > leads ? heardAfter(since) : ["all"];
    channel.postMessage({ to: hello, state, why, id: last, seen, topics });
    if (!watches || watched.get(watches)?.version === theirs) return;
    watched.set(watches, { version: watched.has(watches) ? "" : theirs, kind: theirKind }); // for all who show it, everything
    connect();
  }

  addEventListener("online", () => {
    for (const element of failed) waiting.add(element); // asked for without a network
    failed.clear();
    pump();
    wake();
  });
  addEventListener("offline", () => { if (leads !== null) tell({ state: "lost", why: "network" }); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) wake(); });
  addEventListener("pageshow", ({ persisted }) => { // the browser's old page, as it was when it was left
    if (!persisted || state === "ended") return;
    if (leads !== null) connect();
    else follow();
  });
  setInterval(watch, 2000);

  if (!channel || !navigator.locks) return void lead();
  channel.onmessage = ({ data }) => {
    if (data.whose) { if (leads === null) introduce(); }
    else if (data.hello) { if (leads !== null) welcome(data); }
    else if ((!data.to || data.to === me) && leads === null) hear(data);
  };
  follow();
})();
