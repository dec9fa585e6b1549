/* Choosing users and dragging them, with mouse, touch and keys. What may go where the server says when a drag begins;
   a drop is one POST, and the answer is its fragments. Everything is delegated, so that rows may come and go. */
(() => {
  "use strict";
  const THRESHOLD = 6, PRESS = 450, EDGE = 60; // pixels, milliseconds of a long touch, pixels from an edge that scrolls
  const body = document.body;
  const make = (name, attributes) => body.appendChild(Object.assign(document.createElement(name), attributes));
  const ghost = make("div", { id: "ghost", className: "ghost", hidden: true });
  const voice = make("div", { id: "voice", className: "visually-hidden", role: "status", ariaLive: "assertive" });
  const [title, sentence, fix] = ["b", "span", "small"].map((name) => ghost.appendChild(document.createElement(name)));
  const say = (text) => { voice.textContent = text; };
  const moves = () => document.querySelector("[data-moves]")?.dataset.moves;

  // --- Choosing rows of one list ------------------------------------------------------------------------
  const picked = new Set(); // users; their rows may be replaced meanwhile
  let list = null, query = null, anchor = null, whole = false, inList = false; // whole: all that match the filter of the list, shown or not
  const rowsOf = (ul) => [...ul.querySelectorAll("[data-user]")];
  const listOf = () => document.querySelector(`.users[data-users="${list}"]`);
  const count = () => (whole ? Number(listOf()?.dataset.total) : picked.size);

  function paint() {
    for (const row of document.querySelectorAll(".users [data-user]"))
      row.setAttribute("aria-selected", picked.has(row.dataset.user) || (whole && row.closest(".users").dataset.users === list));
    const text = count() ? `${count().toLocaleString()} selected` : "";
    for (const output of document.querySelectorAll("output[data-selected]")) output.textContent = text;
    for (const button of document.querySelectorAll("[data-ask]")) button.disabled = "one" in button.dataset ? count() !== 1 : !count();
  }

  function choose(row, { range = false, toggle = false } = {}) {
    const ul = row.closest(".users");
    if (ul.dataset.users !== list || whole || !(range || toggle)) picked.clear();
    whole = false;
    if (ul.dataset.users !== list) anchor = null;
    ({ users: list, query } = ul.dataset);
    const all = rowsOf(ul), to = all.indexOf(row), from = all.findIndex((other) => other.dataset.user === anchor);
    if (range && from >= 0)
      for (const other of all.slice(Math.min(from, to), Math.max(from, to) + 1)) picked.add(other.dataset.user);
    else if (toggle && picked.has(row.dataset.user)) picked.delete(row.dataset.user);
    else picked.add(row.dataset.user);
    if (!range || from < 0) anchor = row.dataset.user;
    paint();
  }

  function chooseAll(ul) {
    picked.clear();
    ({ users: list, query } = ul.dataset);
    const all = rowsOf(ul);
    whole = Number(ul.dataset.total) > all.length; // more match than the page holds
    if (!whole) for (const row of all) picked.add(row.dataset.user);
    paint();
    say(`${count()} users selected`);
  }

  function clear() { picked.clear(); whole = false; paint(); }

  function values() { // what is chosen, in the words of the server
    return whole ? { list, query } : { list, users: [...picked].join(",") };
  }

  document.addEventListener("htmx:afterSettle", () => { // another list or another filter: nothing of it is chosen
    const ul = document.querySelector(".users");
    if (ul && (ul.dataset.users !== list || ul.dataset.query !== query)) clear();
    paint();
    if (inList && ul && document.activeElement === body) ul.focus({ preventScroll: true }); // its row is gone
  });
  document.addEventListener("focusin", (event) => { inList = Boolean(event.target.closest(".users")); });
  document.addEventListener("moved", clear);

  // --- A drag: begun by pointer or key, led over targets, dropped or given up ---------------------------
  let press = null, drag = null, swallow = false, telling = 0;

  function ask(path, asked) {
    const headers = { Accept: "application/json", ...JSON.parse(body.getAttribute("hx-headers")) };
    return fetch(`${moves()}${path}`, { method: "POST", body: new URLSearchParams(asked), headers, keepalive: true });
  }

  function tell() { // the others see what users are carried, and over which target
    if (drag?.what.server) return;
    clearTimeout(telling);
    const { what, zone } = drag ?? {}, users = what?.node ? { list: `node:${what.node}` } : { list, count: count() };
    telling = setTimeout(() => ask("hands", drag ? { ...users, to: zone?.dataset.drop ?? "" } : {}).catch(() => {}), drag ? 250 : 0);
  }

  async function begin(what, name, keys) {
    if (body.dataset.locked) { press = null; return document.dispatchEvent(new Event("locked")); }
    drag = { what, name, keys, zone: null, targets: null, x: press?.x ?? 0, y: press?.y ?? 0 };
    const mine = drag;
    body.classList.add("dragging");
    ghost.hidden = false;
    title.textContent = name;
    show({ level: "asking", message: "Asking where it may go…", fix: "" });
    if (!keys) requestAnimationFrame(scroll);
    try {
      const answer = await ask(what.server ? "node/targets" : "targets", what);
      const told = await answer.json();
      if (drag !== mine) return;
      if (!answer.ok) return end(`${told.message} ${told.fix}`);
      drag.targets = told.targets;
      title.textContent = drag.name = told.label;
    } catch {
      return drag === mine && end("The server does not answer: nothing was moved.");
    }
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
  const leaves = () => zones().filter((zone) => !zone.querySelector("[data-drop]") && zone.getClientRects().length);
  const verdict = (zone) => drag.targets[zone.dataset.drop];

  function show({ level, message, fix: help }) {
    ghost.dataset.level = level;
    sentence.textContent = message;
    fix.textContent = help;
  }

  function place(x, y) {
    const { offsetWidth: width, offsetHeight: height } = ghost;
    const left = Math.min(x + 16, innerWidth - width - 8), top = y + 20 + height > innerHeight ? y - height - 12 : y + 20;
    ghost.style.transform = `translate(${Math.max(8, left)}px, ${Math.max(8, top)}px)`;
  }

  function track() {
    over(at(document.elementFromPoint(drag.x, drag.y)));
    place(drag.x, drag.y);
  }

  function over(zone) {
    if (!drag.targets || (zone === drag.zone && ghost.dataset.level !== "asking")) return;
    drag.zone?.classList.remove("drop-over");
    drag.zone = zone;
    zone?.classList.add("drop-over");
    const said = zone ? verdict(zone) : { level: "none", message: "Drop on one of the targets, or press Escape.", fix: "" };
    title.textContent = zone && !zone.querySelector("[data-drop]") ? `${drag.name} to ${zone.dataset.name.split(".")[0]}` : drag.name;
    show(said);
    tell();
    if (drag.keys) fix.textContent += " Arrow keys choose, Enter drops, Escape cancels.";
    const words = { allowed: "Allowed", warning: "Allowed with a warning", refused: "Refused" };
    say(zone ? `${zone.dataset.name}: ${words[said.level] ?? ""}. ${said.message} ${said.fix}` : "No target");
  }

  function step(by) { // to another target, by key
    const all = leaves(), first = all.findIndex((zone) => verdict(zone).level === "allowed");
    const zone = all[by ? (all.indexOf(drag.zone) + by + all.length) % all.length : Math.max(first, 0)];
    zone.scrollIntoView({ block: "nearest" });
    over(zone);
    const { left, bottom } = zone.getBoundingClientRect();
    place(left + 24, bottom - 24);
  }

  function holder() { // what scrolls the targets
    let box = document.querySelector("[data-drop]");
    while (box && !(box.scrollHeight > box.clientHeight + 2 && /auto|scroll/.test(getComputedStyle(box).overflowY)))
      box = box.parentElement;
    return box ?? document.scrollingElement;
  }

  function scroll() { // it scrolls when the pointer comes near its edge, or goes beyond
    if (!drag) return;
    const box = holder(), page = box === document.scrollingElement;
    const { left, right, top, bottom } = page ? { left: 0, right: innerWidth, top: 0, bottom: innerHeight } : box.getBoundingClientRect();
    const still = drag.x < left || drag.x > right || (drag.zone && getComputedStyle(drag.zone).position === "sticky");
    const by = still ? 0 : drag.y < top + EDGE ? -14 : drag.y > bottom - 2 * EDGE ? 14 : 0;
    if (by) { box.scrollBy(0, by); track(); }
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

  function dialog(button) { // about what is chosen
    if (button && !button.disabled) htmx.ajax("GET", button.dataset.ask, { source: button, target: "#dialog", swap: "innerHTML", values: values() });
  }

  function nameOf() {
    const from = document.querySelector(`[data-drop="${list}"]`)?.dataset.name;
    return `Move ${count().toLocaleString()} user${count() === 1 ? "" : "s"}${from ? ` of ${from}` : ""}`;
  }

  function start() { // of what was pressed: the handle of a node, or a row with all that is chosen
    const { handle, row, card } = press;
    if (card) return begin({ server: card.dataset.dragServer }, `Move ${card.closest("[data-name]").dataset.name}`, false);
    if (handle) return begin({ node: handle.dataset.dragNode }, `Move all users of ${handle.closest("[data-name]")?.dataset.name}`, false);
    if (row.getAttribute("aria-selected") !== "true") choose(row);
    return begin(values(), nameOf(), false);
  }

  // --- Pointer -------------------------------------------------------------------------------------------
  document.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-drag-node]"), row = event.target.closest(".users [data-user]");
    const card = handle ? null : event.target.closest("[data-drag-server]");
    if (event.button || drag || !moves() || !(handle || row || card)) return;
    if (!handle && event.target.closest(card ? "button, [popover]" : "button, a, input, select, textarea, summary")) return;
    const touch = event.pointerType === "touch";
    press = { handle, row, card, touch, x: event.clientX, y: event.clientY, id: event.pointerId };
    if (touch) press.timer = setTimeout(() => { navigator.vibrate?.(15); start(); }, PRESS);
  });

  document.addEventListener("pointermove", (event) => {
    if (drag && !drag.keys && !drag.late) {
      [drag.x, drag.y] = [event.clientX, event.clientY];
      track();
    } else if (press && Math.hypot(event.clientX - press.x, event.clientY - press.y) > THRESHOLD) {
      if (press.touch) { clearTimeout(press.timer); press = null; return; } // a finger that moves at once scrolls
      document.documentElement.setPointerCapture(press.id); // also outside of the window
      getSelection().removeAllRanges();
      start();
    }
  });

  document.addEventListener("pointerup", () => {
    clearTimeout(press?.timer);
    press = null;
    if (!drag || drag.keys) return;
    swallow = true; // the click that follows is none
    setTimeout(() => { swallow = false; });
    if (drag.targets) drop();
    else drag.late = true; // a quick hand: dropped as soon as the server has answered
  });

  document.addEventListener("pointercancel", () => {
    clearTimeout(press?.timer);
    press = null;
    if (drag && !drag.keys) end("Cancelled: nothing was moved.");
  });
  document.addEventListener("touchmove", (event) => { if (drag) event.preventDefault(); }, { passive: false });
  document.addEventListener("contextmenu", (event) => { if (press?.touch || drag) event.preventDefault(); });
  document.addEventListener("selectstart", (event) => { if (press && !press.touch) event.preventDefault(); });
  document.addEventListener("dragstart", (event) => { if (press) event.preventDefault(); }); // links and pictures

  document.addEventListener("click", (event) => {
    if (swallow) { event.preventDefault(); event.stopPropagation(); return; }
    const action = event.target.closest("[data-action]")?.dataset.action, asked = event.target.closest("[data-ask]");
    if (asked) return dialog(asked);
    if (action === "select-all") { const ul = document.querySelector(".users"); return ul && chooseAll(ul); }
    if (action === "select-none") return clear();
    const row = event.target.closest(".users [data-user]");
    if (!row || event.target.closest("button, a, input, select, textarea, summary")) return;
    row.focus({ preventScroll: true });
    choose(row, { range: event.shiftKey, toggle: event.ctrlKey || event.metaKey || event.pointerType === "touch" });
  }, true);

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
    const { key, shiftKey, target } = event, ul = target.closest?.(".users");
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
      if (key === "M" && !body.dataset.locked) begin(values(), nameOf(), true);
      else dialog(document.querySelector(`[data-keys="${key.toLowerCase() === "i" ? "i" : "m"}"]`));
    } else return false;
    return true;
  }
  paint();
})();
