// Small things of the page: theme, dialogs, menus, messages, and the marks of what is selected. No rules.
(() => {
  const dialog = document.getElementById("dialog");
  const messages = document.getElementById("messages"), gone = document.getElementById("gone");
  const LOCKED = "The view is locked: nothing can be dragged";
  const THEMES = ["system", "light", "dark"];

  const actions = {
    theme() {
      localStorage.setItem("theme", THEMES[(THEMES.indexOf(localStorage.getItem("theme") || "system") + 1) % THEMES.length]);
      dispatchEvent(new Event("theme"));
    },
    lock() {
      localStorage.setItem("locked", document.body.dataset.locked ? "" : "yes");
      lock();
      document.getElementById("voice").textContent = document.body.dataset.locked ? `${LOCKED}.` : "The view is not locked any more.";
    },
    "close-dialog": () => dialog.close(),
    "close-message": (button) => button.closest(".toast-note").remove(),
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    if (button && actions[button.dataset.action]) actions[button.dataset.action](button);
    if (event.target === dialog) dialog.close();
    event.target.closest(".menu-item")?.closest("[popover]")?.hidePopover();
  });

  // A menu opens below the button that opens it, inside the window, and asks for what it holds.
  function place(menu) {
    const from = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
    const left = Math.max(8, Math.min(from.left, innerWidth - menu.offsetWidth - 8));
    const below = from.bottom + 4 + menu.offsetHeight < innerHeight;
    menu.style.left = `${left}px`;
    menu.style.top = `${below ? from.bottom + 4 : Math.max(8, from.top - menu.offsetHeight - 4)}px`;
  }
  const opens = ({ type, newState, target: menu }) => {
    if (newState !== "open" || !menu.matches?.("[popover]")) return;
    place(menu); // twice: at first its size is not known
    if (type === "toggle" && menu.matches("[hx-get]")) menu.dispatchEvent(new Event("opened"));
  };
  for (const kind of ["beforetoggle", "toggle"]) document.addEventListener(kind, opens, true);
  document.addEventListener("DOMContentLoaded", () => { // htmx is ready now; a quick hand was not kept waiting by the browser
    for (const menu of document.querySelectorAll(":popover-open")) opens({ type: "toggle", newState: "open", target: menu });
  });

  dialog.addEventListener("close", () => dialog.replaceChildren());

  // What was pressed may be gone when the answer comes: htmx looks for the place that it names, and tells events, from there.
  document.addEventListener("htmx:beforeSend", ({ detail: { xhr, elt } }) => {
    const lost = () => xhr.readyState === 4 && xhr.getResponseHeader("HX-Retarget") && !elt.isConnected && !elt.dataset.live;
    xhr.addEventListener("readystatechange", () => lost() && gone.append(elt));
    xhr.addEventListener("loadend", () => gone.replaceChildren());
  });

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    // Messages are not seen behind an open dialog: it has a place for them.
    const inside = dialog.open && dialog.querySelector("[data-messages]");
    if (detail.target === messages && inside && detail.xhr.status >= 400) detail.target = inside;
  });

  // A button that did its work goes, and so does the row of who was moved; the focus stays among the neighbours.
  let group = null;
  document.addEventListener("focusin", (event) => { group = event.target.closest("[data-keeps-focus]"); });
  document.addEventListener("htmx:afterSettle", () => {
    if (!group || document.activeElement !== document.body) return;
    document.getElementById(group.id)?.querySelector(group.dataset.keepsFocus || "button")?.focus({ preventScroll: true });
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target === dialog && dialog.childElementCount && !dialog.open) dialog.showModal();
    if (event.target.matches(":popover-open")) place(event.target); // it has grown
    mark();
  });
  document.addEventListener("htmx:load", mark);
  document.addEventListener("close-dialog", () => dialog.open && dialog.close());
  document.addEventListener("htmx:sendError", () => say("The server did not answer. Try again in a moment."));
  document.addEventListener("htmx:responseError", (event) =>
    say(`The server answered ${event.detail.xhr.status}. Reload the page; if it stays, see the server's log.`));

  function say(text, tone = "bad") {
    const note = { className: `toast-note tone-${tone}`, textContent: text };
    messages.replaceChildren(Object.assign(document.createElement("div"), note));
  }

  // The lock of the view holds for this browser, in all its tabs and for the next visit.
  function lock() {
    if (localStorage.getItem("locked")) document.body.dataset.locked = "yes";
    else delete document.body.dataset.locked;
    document.querySelector("[data-action='lock']")?.setAttribute("aria-pressed", Boolean(document.body.dataset.locked));
  }
  addEventListener("storage", lock);
  document.addEventListener("refused", ({ detail }) => say(detail));
  document.addEventListener("locked", () => say(`${LOCKED}. “Lock view” above takes the lock off.`, "warn"));
  lock();

  // The tree and the map mark what the list of users shows; the list is the only place that knows.
  function mark() {
    const shown = document.getElementById("users")?.dataset.shows;
    for (const link of document.querySelectorAll("[data-shows-users]")) {
      link.ariaCurrent = link.dataset.showsUsers === shown ? "true" : null;
      link.closest(".card-of-users")?.classList.toggle("is-shown", Boolean(link.ariaCurrent));
    }
    const drags = [...document.querySelectorAll("[data-drag-at]")]; // what others drag is said where it comes from and may go
    for (const zone of document.querySelectorAll("[data-drop]")) {
      const here = drags.filter((drag) => drag.dataset.dragAt === zone.dataset.drop).map((drag) => drag.textContent);
      if (here.length) zone.dataset.drags = here.join(", ");
      else delete zone.dataset.drags;
    }
  }
  mark();

  // What has ended, and messages, stay to be read for a while, longer under the pointer or the focus; some stay until closed.
  function leave() {
    for (const element of document.querySelectorAll("[data-leaves], #messages > .toast-note:not([data-stays])")) {
      if (element.dataset.leaving) continue;
      element.dataset.leaving = "yes";
      const go = () => {
        if (element.matches(":hover, :focus-within")) return setTimeout(go, 2000);
        element.remove();
        mark();
      };
      setTimeout(go, 1000 * (element.dataset.leaves ?? 8));
    }
  }
  new MutationObserver(leave).observe(messages, { childList: true });
  document.addEventListener("htmx:load", leave);
  leave();
})();
