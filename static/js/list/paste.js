/* A list of user IDs pasted into the list of users, or into its search, chooses these users of the cluster. */
import { announce, showMessage } from "../say.js";
import { chooseThese } from "./selection.js";
import { answerTo } from "../drag/server.js";

const isList = (text) => text.trim().split(/[\n,;\t]+/).filter((part) => part.trim()).length > 1;

async function chooseByIds(pane, ids) {
  const headers = { Accept: "application/json", ...JSON.parse(document.body.getAttribute("hx-headers")) };
  const asked = fetch(pane.dataset.byId, { method: "POST", body: new URLSearchParams({ ids }), headers });
  const told = await answerTo(asked);
  if (!told) return;
  const whole = { target: "#users", swap: "outerHTML" };
  if (pane.dataset.whole === undefined) await htmx.ajax("GET", pane.dataset.all, whole);
  chooseThese(told.users);
  announce(told.text);
  showMessage(told.text, told.unknown.length ? "warn" : "good");
}

document.addEventListener("paste", (event) => {
  const pane = document.querySelector("#user-list[data-by-id]");
  const inList = event.target.closest?.("#user-list, #user-search");
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!pane || !inList || !isList(text)) return;
  event.preventDefault();
  chooseByIds(pane, text);
});
