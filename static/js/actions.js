/* Buttons with a data-action: each module says what its own do. */
const actions = new Map();

export const onAction = (name, act) => actions.set(name, act);

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-action]");
  actions.get(button?.dataset.action)?.(button);
});
