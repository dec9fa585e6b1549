/* Choosing users, dragging them and nodes, with mouse, touch and keys. What may go where the server says when a drag begins;
   a drop is one POST, and the answer is its fragments. Everything is delegated, so that rows may come and go. */
(() => {
  "use strict";
  const THRESHOLD = 6, PRESS = 450, EDGE = 60; // pixels, milliseconds of a long touch, pixels from an edge that scrolls
  const body = document.body;
  const make = (name, attributes) => body.appendChild(Object.assign(document.createElement(name), attributes));
  const ghost = make("div", { id: "ghost", className: "ghost", hidden: true, ariaHidden: "true" });
  const voice = make("div", { id: "voice", className: "visually-hidden", role: "status", ariaLive: "assertive" });
  const [title, sentence, fix] = ["b", "span", "small"].map((name) => ghost.appendChild(document.createElement(name)));
  const say = (text) => { voice.textContent = text; };
  const moves = () => document.querySelector("[data-moves]")?.dataset.moves;

  // --- Choosing rows of one list ------------------------------------------------------------------------
  const picked = new Set(); // users; their rows may be replaced meanwhile
  let list = null, query = null, anchor = null, whole = false; // whole: all that match the filter of the list, shown or not
  const rowsOf = (ul) => [...ul.querySelectorAll("[data-user]")];
  const listOf = () => document.querySelector(`.users[data-users="${list}"]`);
  const count = () => (whole ? Number(listOf()?.dataset.total) : picked.size);
  const counted = () => `${count().toLocaleString()}${(whole && listOf()?.dataset.more) || ""}`; // "10,000+" is not counted further

  function paint() {
    for (const row of document.querySelectorAll(".users [data-user]"))
      row.setAttribute("aria-selected", picked.has(row.dataset.user) || (whole && row.closest(".users").dataset.users === list));
    const text = count() ? `${counted()} selected` : "";
    for (const output of document.querySelectorAll("output[data-selected]")) output.textContent = text;
    for (const button of document.querySelectorAll(".list-verbs [data-ask]")) button.disabled = "one" in button.dataset ? count() !== 1 : !count();
  }

  function choose(row, { range = false, toggle = false } = {}) {
    const ul = row.closest(".users"), { user } = row.dataset, all = rowsOf(ul);
    if (ul.dataset.users !== list || whole || !(range || toggle)) clear();
    ({ users: list, query } = ul.dataset);
    const [from, to] = [anchor, user].map((one) => all.findIndex((other) => other.dataset.user === one)).sort((a, b) => a - b);
    if (range && anchor && from < 0) return reach(user, ul);
    if (range && anchor) for (const other of all.slice(from, to + 1)) picked.add(other.dataset.user);
    else if (!(toggle && picked.delete(user))) picked.add(user);
    anchor = range && anchor ? anchor : user;
    paint();
  }

  async function reach(user, ul) { // a range that begins outside of the window of the list: the server knows who is in it
    const asked = new URLSearchParams({ query, from: anchor, to: user });
    const told = await read(fetch(`${ul.dataset.range}?${asked}`, { headers: { Accept: "application/json" } }));
    if (!told || anchor !== asked.get("from")) return;
    for (const one of told.users) picked.add(String(one));
    paint();
    say(`${counted()} users selected`);
  }

  function chooseAll(ul) {
    clear();
    ({ users: list, query } = ul.dataset);
    const all = rowsOf(ul);
    whole = Number(ul.dataset.total) > all.length; // more match than the page holds
    if (!whole) for (const row of all) picked.add(row.dataset.user);
    paint();
    say(`${counted()} users selected`);
  }

  function clear() { picked.clear(); whole = false; anchor = null; paint(); }

  const values = () => (whole ? { list, query } : { list, users: [...picked].join(",") }); // what is chosen, as the server is told

  document.addEventListener("htmx:afterSettle", () => { // another list or another filter: nothing of it is chosen
    const ul = document.querySelector(".users");
    if (ul && (ul.dataset.users !== list || ul.dataset.query !== query)) clear();
    paint();
  });
  document.addEventListener("moved", clear);

  // --- A drag: begun by pointer or key, led over targets, dropped or given up ---------------------------
  let press = null, drag = null, swallow = false, telling = 0;

  function ask(path, asked) {
    const headers = { Accept: "application/json", ...JSON.parse(body.getAttribute("hx-headers")) };
    return fetch(`${moves()}${path}`, { method: "POST", body: new URLSearchParams(asked), headers, keepalive: true });
  }

  async function read(question) { // what the server answers; when it refuses, or does not answer, that is said
    let text = "The server does not answer: nothing was moved.";
    try {
      const answer = await question, told = await answer.json();
      if (answer.ok) return told;
      text = `${told.message} ${told.fix}`;
    } catch { /* no answer, or none that could be read */ }
    say(text);
    document.dispatchEvent(new CustomEvent("refused", { detail: text }));
  }

  function tell() { // the others see what is carried, and over which target
    clearTimeout(telling);
    const { server, node } = drag?.what ?? {}, what = server ? { server } : node ? { list: `node:${node}` } : { list, count: count() };
    telling = setTimeout(() => ask("drags", drag ? { ...what, to: drag.zone?.dataset.drop ?? "" } : {}).catch(() => {}), drag ? 250 : 0);
  }

  async function begin(what, keys) {
    if (body.dataset.locked) { press = null; return document.dispatchEvent(new Event("locked")); }
    drag = { what, keys, zone: null, targets: null, x: press?.x ?? 0, y: press?.y ?? 0 };
    const mine = drag;
    body.classList.add("dragging");
    ghost.hidden = false;
    title.textContent = "";
    show({ level: "asking", message: "Asking where it may go…", fix: "" });
    if (!keys) requestAnimationFrame(scroll);
    const told = await read(ask(what.server ? "node/targets" : "targets", what));
    if (drag !== mine) return;
    if (!told) return end();
    drag.targets = told.targets;
    Object.assign(what, told.before); // a drop says what it was told, so that the server can say what changed
    title.textContent = drag.name = told.label;
    if (what.server) body.dataset.drags = "node";
    for (const zone of zones()) {
      zone.classList.add("drop", `drop-${verdict(zone).level}`);
      zone.dataset.verdict = verdict(zone).short;
    }
    if (keys) return step(0);
    track();
    if (drag.late) drop();
  }

  const zones = () => [...document.querySelectorAll("[data-drop]")].filter((zone) => !drag.targets || zone.dataset.drop in drag.targets);
  const at = (element, zone = element?.closest("[data-drop]") ?? null) => // the innermost target for what is dragged
    zone && !(zone.dataset.drop in (drag.targets ?? {})) ? at(zone.parentElement) : zone;
  const isLeaf = (zone) => !zones().some((inner) => inner !== zone && zone.contains(inner)) && zone.getClientRects().length;
  const verdict = (zone) => drag.targets[zone.dataset.drop];

  function show({ level, message, lines, fix: help }) {
    ghost.dataset.level = level;
    sentence.textContent = lines ?? message;
    fix.textContent = help;
  }

  function place(x, y) {
    const { offsetWidth: width, offsetHeight: height } = ghost;
    const left = Math.min(x + 16, innerWidth - width - 8), top = y + 20 + height > innerHeight ? y - height - 12 : y + 20;
    ghost.style.transform = `translate(${Math.max(8, left)}px, ${Math.max(8, top)}px)`;
  }

  function track() { over(at(document.elementFromPoint(drag.x, drag.y))); place(drag.x, drag.y); }

  function over(zone) {
    if (!drag.targets || (zone === drag.zone && ghost.dataset.level !== "asking")) return;
    drag.zone?.classList.remove("drop-over");
    drag.zone = zone;
    zone?.classList.add("drop-over");
    const said = zone ? verdict(zone) : { level: "none", message: "Drop on one of the targets, or press Escape.", fix: "" };
    title.textContent = zone && isLeaf(zone) ? `${drag.name} to ${zone.dataset.name.split(".")[0]}` : drag.name;
    show(said);
    tell();
    if (drag.keys) fix.textContent += " Arrow keys or the pointer choose, Enter or a click drops, Escape cancels.";
    const words = { allowed: "Allowed", warning: "Allowed with a warning", refused: "Refused" };
    say(zone ? `${zone.dataset.name}: ${words[said.level] ?? ""}. ${said.message} ${said.fix}` : "No target");
  }

  function step(by) { // to another target, by key
    const all = zones().filter(isLeaf), first = (level) => all.find((zone) => verdict(zone).level === level);
    const zone = by ? all[(all.indexOf(drag.zone) + by + all.length) % all.length] : first("allowed") ?? first("warning") ?? all[0];
    zone.scrollIntoView({ block: "nearest" });
    over(zone);
    const { left, bottom } = zone.getBoundingClientRect();
    place(left + 24, bottom - 24);
  }

  function scroll() { // the map scrolls when the pointer comes near its edge, or goes beyond
    if (!drag) return;
    const map = document.querySelector(".map"), { left, right, top, bottom } = map.getBoundingClientRect();
    const still = drag.x < left || drag.x > right || (drag.zone && getComputedStyle(drag.zone).position === "absolute");
    const by = still ? 0 : drag.y < top + EDGE ? -14 : drag.y > bottom - 2 * EDGE ? 14 : 0;
    if (by) { map.scrollBy(0, by); track(); }
    requestAnimationFrame(scroll);
  }

  function end(text) {
    for (const zone of zones()) {
      zone.classList.remove("drop", "drop-over", "drop-allowed", "drop-warning", "drop-refused");
      delete zone.dataset.verdict;
    }
    body.classList.remove("dragging");
    delete body.dataset.drags;
    ghost.hidden = true;
    if (drag?.targets) { drag = null; tell(); }
    drag = press = null;
    if (text) say(text);
  }

  function drop() { // also on a target that refuses: its answer is the reason, as a message that stays
    const { zone, what } = drag;
    end(zone ? "" : "No target: nothing was moved.");
    const path = what.server ? `${moves()}node` : moves();
    if (zone) htmx.ajax("POST", path, { source: "[data-moves]", target: "#messages", swap: "innerHTML", values: { ...what, to: zone.dataset.drop } });
  }

  function dialog(button) { // about what is chosen, or all users of a node; posted, for the chosen may be thousands
    const { ask: path, dragNode: node } = button?.dataset ?? {}, asked = { ask: 1, ...(node ? { node } : values()) };
    if (path && !button.disabled) htmx.ajax("POST", path, { source: button, target: "#dialog", swap: "innerHTML", values: asked });
  }

  const grip = (element) => element.closest?.("[data-drag-node], [data-drag-server]"); // the handle of a node, or its head

  function start(held, keys) { // a grip, or a row with all that is chosen
    const { dragNode: node, dragServer: server, user } = held.dataset;
    if (user && held.getAttribute("aria-selected") !== "true") choose(held);
    begin(server ? { server } : node ? { node } : values(), keys);
  }

  // --- Pointer -------------------------------------------------------------------------------------------
  function letGo() { clearTimeout(press?.timer); press = null; }

  document.addEventListener("pointerdown", (event) => {
    const held = event.target.closest(".users [data-user]") ?? grip(event.target), touch = event.pointerType === "touch";
    if (event.button || drag || !moves() || !held || event.target.closest("button:not(.handle), [popover], .users a")) return;
    press = { held, touch, x: event.clientX, y: event.clientY, id: event.pointerId };
    if (touch) press.timer = setTimeout(() => { navigator.vibrate?.(15); start(held); }, PRESS);
  });

  document.addEventListener("pointermove", (event) => {
    if (drag?.keys && !event.movementX && !event.movementY) return; // the page moves below a pointer at rest
    if (drag && !drag.late) {
      [drag.x, drag.y] = [event.clientX, event.clientY];
      track();
    } else if (press && Math.hypot(event.clientX - press.x, event.clientY - press.y) > THRESHOLD) {
      if (press.touch) return letGo(); // a finger that moves at once scrolls
      document.documentElement.setPointerCapture(press.id); // also outside of the window
      getSelection().removeAllRanges();
      start(press.held);
    }
  });

  document.addEventListener("pointerup", () => {
    letGo();
    if (!drag || drag.keys) return;
    swallow = true; // the click that follows is none
    setTimeout(() => { swallow = false; });
    if (drag.targets) drop();
    else drag.late = true; // a quick hand: dropped as soon as the server has answered
  });

  document.addEventListener("pointercancel", () => {
    letGo();
    if (drag && !drag.keys) end("Cancelled: nothing was moved.");
  });
  document.addEventListener("touchmove", (event) => { if (drag && !drag.keys) event.preventDefault(); }, { passive: false });
  document.addEventListener("contextmenu", (event) => { if (press?.touch || drag) event.preventDefault(); });
  document.addEventListener("selectstart", (event) => { if (press && !press.touch) event.preventDefault(); });
  document.addEventListener("dragstart", (event) => { if (press) event.preventDefault(); }); // links and pictures

  document.addEventListener("click", (event) => {
    if (drag?.keys && drag.targets) { over(at(event.target)); drop(); } // what was picked up by key or by a button
    else if (!swallow && !drag) return clicked(event);
    event.preventDefault();
    event.stopPropagation();
  }, true);

  function clicked(event) {
    const action = event.target.closest("[data-action]")?.dataset.action, asked = event.target.closest("[data-ask]");
    if (asked) return dialog(asked);
    if (action === "select-all") { const ul = document.querySelector(".users"); return ul && chooseAll(ul); }
    if (action === "select-none") return clear();
    if (action === "pick-up") return start(grip(event.target), true);
    const row = event.target.closest(".users [data-user]");
    if (!row || event.target.closest("button, a, input, select, textarea, summary")) return;
    row.focus({ preventScroll: true });
    choose(row, { range: event.shiftKey, toggle: event.ctrlKey || event.metaKey || event.pointerType === "touch" });
  }

  // --- Keys ----------------------------------------------------------------------------------------------
  document.addEventListener("keydown", (event) => {
    const done = drag ? dragKey(event) : listKey(event);
    if (done) { event.preventDefault(); event.stopPropagation(); }
  }, true);

  function dragKey({ key, shiftKey }) {
    if (key === "Escape") end("Cancelled: nothing was moved.");
    else if (drag.keys && drag.targets && (key === "Enter" || key === " ")) drop();
    else if (drag.keys && drag.targets && (key === "Tab" || key.startsWith("Arrow")))
      step((key === "Tab" && shiftKey) || key === "ArrowUp" || key === "ArrowLeft" ? -1 : 1);
    return true; // nothing else happens during a drag
  }

  function listKey(event) {
    const { key, shiftKey, target } = event, ul = target.closest?.(".users"), held = key === "M" && grip(target);
    if (held) { start(held, true); return true; }
    if (!ul || !target.matches(".users, [data-user]")) return false;
    const command = event.ctrlKey || event.metaKey, all = rowsOf(ul);
    const row = target.closest("[data-user]") ?? all.find((other) => other.dataset.user === anchor);
    const at = all.indexOf(row), to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[key];
    if (to !== undefined) {
      const next = all[Math.min(Math.max(to, 0), all.length - 1)];
      if (shiftKey && next) choose(next, { range: true });
      next?.focus();
    } else if (key === "a" && command) chooseAll(ul);
    else if (key === "Escape" && count()) clear();
    else if (command || event.altKey) return false;
    else if (key === " " && row) choose(row, { toggle: true, range: shiftKey });
    else if ((key === "Enter" || /^[im]$/i.test(key)) && (count() || row)) {
      if (!count() || ul.dataset.users !== list) choose(row);
      if (key === "M" && !body.dataset.locked) begin(values(), true);
      else dialog(document.querySelector(`[data-keys="${key.toLowerCase() === "i" ? "i" : "m"}"]`));
    } else return false;
    return true;
  }
  paint();
})();
