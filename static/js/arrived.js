// A script or a style that did not come (a network that changed, a restart) leaves a page that looks whole and is dead.
// Such a page is asked for once more; if that does not help either, it says so.
(() => {
  const KEY = "asked-again", MINUTE = 60000; // milliseconds
  let missing = false;

  function ask() {
    sessionStorage.setItem(KEY, Date.now());
    location.replace(location.pathname + location.search); // not reload(): the page may be the answer to a form
  }

  function say() {
    const text = "A part of this page did not arrive: what it shows may be old, and buttons may do nothing. ";
    const link = Object.assign(document.createElement("a"), { href: location.href, textContent: "Load it again" });
    const words = Object.assign(document.createElement("p"), { className: "no-script", role: "alert" });
    words.append(text, link);
    (document.querySelector("main") ?? document.body.lastElementChild).before(words);
    const light = document.getElementById("live");
    if (light) light.dataset.state = "lost";
  }

  function mend() {
    const askedAt = Number(sessionStorage.getItem(KEY) ?? 0);
    if (document.getElementById("live") && Date.now() - askedAt > MINUTE) ask();
    else say();
  }

  addEventListener("error", ({ target }) => {
    if (missing || !target?.matches?.("script[src], link[rel=stylesheet]")) return;
    missing = true;
    if (document.readyState === "loading") addEventListener("DOMContentLoaded", mend);
    else mend();
  }, true);
})();
