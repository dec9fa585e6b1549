/* All problems of a list as a file: the form is sent once more, to be checked, and what comes is a download. */
import { onAction } from "../actions.js";

onAction("all-problems", ({ form }) => {
  const asked = Object.assign(document.createElement("input"), { type: "hidden", name: "all_problems", value: "1" });
  form.append(asked);
  HTMLFormElement.prototype.submit.call(form); // without the events that htmx would answer itself
  asked.remove();
});
