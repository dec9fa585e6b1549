/* The button of the theme; theme.js applies what it chooses. */
import { onAction } from "../actions.js";

const THEMES = ["system", "light", "dark"];

onAction("theme", () => {
  const now = THEMES.indexOf(localStorage.getItem("theme") || "system");
  localStorage.setItem("theme", THEMES[(now + 1) % THEMES.length]);
  dispatchEvent(new Event("theme"));
});
