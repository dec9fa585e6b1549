// What axe does not look at. Answers one line for each element that is wrong; leaves the page as it was.
({ focus }) => {
  const SMALLEST = 24; // pixels, WCAG 2.5.8
  const TARGETS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=option], [tabindex='0']";
  const top = document.querySelector("dialog[open]") ?? document.querySelector(":popover-open") ?? document.body;
  const told = (element) => {
    const { tagName, id, className } = element;
    const name = element.getAttribute("aria-label") || element.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
    return `${tagName.toLowerCase()}${id ? `#${id}` : ""}.${String(className).split(" ")[0]} “${name}”`;
  };
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && element.getClientRects().length;
  const box = (element) => (element.matches(":is(input[type=checkbox], input[type=radio])") ? element.closest("label") ?? element : element).getBoundingClientRect();
  const clipped = (element) => element.closest(".visually-hidden, .skip");
  const targets = [...top.querySelectorAll(TARGETS)].filter((element) => shown(element) && !clipped(element) && !element.disabled);
  const found = [];

  // 2.5.8: 24 by 24, or a circle of that size around the middle touches no other target; words of a sentence may be small.
  const inSentence = (element) => getComputedStyle(element).display === "inline" && element.parentElement.textContent.trim().length > element.textContent.trim().length;
  const small = ({ width, height }) => width < SMALLEST - 0.5 || height < SMALLEST - 0.5;
  const middle = ({ left, top: above, width, height }) => [left + width / 2, above + height / 2];
  const near = (one, other) => {
    const [x, y] = middle(one);
    if (small(other)) return Math.hypot(x - middle(other)[0], y - middle(other)[1]) < SMALLEST;
    const dx = Math.max(other.left - x, 0, x - other.right), dy = Math.max(other.top - y, 0, y - other.bottom);
    return Math.hypot(dx, dy) < SMALLEST / 2;
  };
  const touched = (element) => { // not scrolled out of what it stands in, nor below what stays where it is
    const [x, y] = middle(box(element)), there = document.elementFromPoint(x, y);
    return there && (element.contains(there) || there.contains(element) || element.closest("label")?.contains(there));
  };
  const seen = targets.filter(touched);
  for (const target of seen) {
    if (!small(box(target)) || inSentence(target)) continue;
    const other = seen.find((each) => each !== target && !each.contains(target) && !target.contains(each) && box(each) !== box(target) && near(box(target), box(each)));
    if (other) found.push(`small target (2.5.8): ${told(target)} ${Math.round(box(target).width)}×${Math.round(box(target).height)}, too near to ${told(other)}`);
  }

  // A link among words is told from them by more than the hand of a mouse; axe asks that only of another colour.
  const look = (element) => ["color", "fontWeight", "textDecorationLine", "borderBottomWidth", "backgroundColor"].map((name) => getComputedStyle(element)[name]).join();
  const words = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && /\p{L}{2}/u.test(node.data));
  for (const link of top.querySelectorAll("a[href]")) {
    if (!shown(link) || clipped(link) || getComputedStyle(link).display !== "inline" || !words(link.parentElement)) continue;
    const plain = document.createElement("span");
    link.after(plain);
    if (look(link) === look(plain)) found.push(`a link like the words around it: ${told(link)} in “${link.parentElement.textContent.trim().replace(/\s+/g, " ").slice(0, 60)}”`);
    plain.remove();
  }

  // Nothing is wider than the window.
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`scrolls sideways by ${root.scrollWidth - root.clientWidth} pixels`);
  // A table whose end is out of sight looks whole on a telephone; what is drawn or typed may be wider than that.
  if (innerWidth <= 400) {
    for (const table of top.querySelectorAll("table")) {
      const around = [table, table.parentElement].find((each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX !== "visible");
      if (shown(table) && around) found.push(`the table scrolls sideways by ${around.scrollWidth - around.clientWidth} pixels: ${told(table)}`);
    }
  }

  // What is typed into a field can be read there.
  const FIELDS = "input:is(:not([type]), [type=text], [type=search], [type=email], [type=url], [type=password]):not([inputmode]), textarea";
  for (const field of top.querySelectorAll(FIELDS)) {
    const width = field.getBoundingClientRect().width;
    if (shown(field) && !clipped(field) && width < 60) found.push(`narrow field: ${told(field)} ${field.name}, ${Math.round(width)} pixels`);
  }
  // A unit that stands behind a field is part of how it is read out.
  for (const unit of top.querySelectorAll(".with-unit > .soft:not(:empty)")) {
    const field = unit.parentElement.querySelector("input");
    const ids = `${field.getAttribute("aria-describedby") ?? ""} ${field.getAttribute("aria-labelledby") ?? ""}`.split(" ");
    if (!unit.id || !ids.includes(unit.id) || document.getElementById(unit.id) !== unit) found.push(`unit not read out: ${told(field)} ${field.name} “${unit.textContent.trim()}”`);
  }
  if (top.matches("dialog") && top.scrollWidth > top.clientWidth) found.push(`the dialog scrolls sideways by ${top.scrollWidth - top.clientWidth} pixels`);

  // 2.4.11: what gets the focus comes to rest where it is seen. By the keys an element is reached only through its tabindex.
  if (focus) {
    const was = document.activeElement;
    const places = [...document.querySelectorAll("*")].filter((element) => element.scrollHeight > element.clientHeight || element.scrollWidth > element.clientWidth).map((element) => [element, element.scrollTop, element.scrollLeft]);
    for (const target of targets) {
      if (target.tabIndex < 0) continue;
      target.focus();
      if (document.activeElement !== target) continue;
      // Of a list that is longer than the window, the part in the window.
      const all = target.getBoundingClientRect();
      const [left, above, right, bottom] = [Math.max(all.left, 0), Math.max(all.top, 0), Math.min(all.right, innerWidth), Math.min(all.bottom, innerHeight)];
      const visible = [0.5, 0.1, 0.9].some((x) => [0.5, 0.1, 0.9].some((y) => {
        const there = document.elementFromPoint(left + (right - left) * x, above + (bottom - above) * y);
        return there && (target.contains(there) || there.contains(target) && there !== document.body && !there.matches("main, dialog") || there.closest("label")?.contains(target));
      }));
      if (!visible) found.push(`hidden focus (2.4.11): ${told(target)}`);
    }
    if (was && was !== document.body) was.focus({ preventScroll: true }); else document.activeElement?.blur();
    for (const [element, y, x] of places) element.scrollTo({ top: y, left: x, behavior: "instant" });
  }
  return found;
};
