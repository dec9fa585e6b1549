/* The box beside the pointer during a drag: what is dragged, and what a drop here would do. */
const ghost = document.createElement("div");
document.body.append(Object.assign(ghost, { id: "ghost", className: "ghost", hidden: true, ariaHidden: "true" }));
const [title, sentence, fix] = ["b", "span", "small"].map((name) => ghost.appendChild(document.createElement(name)));

export const level = () => ghost.dataset.level;

export function open() {
  ghost.hidden = false;
  title.textContent = "";
}

export function close() {
  ghost.hidden = true;
}

export function setTitle(text) {
  title.textContent = text;
}

export function show(verdict, hint = "") {
  ghost.dataset.level = verdict.level;
  sentence.textContent = verdict.lines ?? verdict.message;
  fix.textContent = verdict.fix + hint;
}

export function place(x, y) {
  const { offsetWidth: width, offsetHeight: height } = ghost;
  const left = Math.min(x + 16, innerWidth - width - 8);
  const top = y + 20 + height > innerHeight ? y - height - 12 : y + 20;
  ghost.style.transform = `translate(${Math.max(8, left)}px, ${Math.max(8, top)}px)`;
}
