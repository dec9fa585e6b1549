/* Questions to the server about moves. It decides what may go where; the page repeats none of its rules. */
import { announce, showMessage } from "../say.js";

const PATIENCE = 10000; // milliseconds; a drop that comes true a minute after the hand let go would surprise people

export const movesUrl = () => document.querySelector("[data-moves]")?.dataset.moves;

export function ask(path, asked) {
  const headers = { Accept: "application/json", ...JSON.parse(document.body.getAttribute("hx-headers")) };
  const body = new URLSearchParams(asked), patience = new AbortController();
  const { signal } = patience;
  setTimeout(() => patience.abort(), PATIENCE);
  return fetch(`${movesUrl()}${path}`, { method: "POST", body, headers, keepalive: true, signal });
}

/* The answer to a question; when the server refuses, or does not answer, that is shown instead. */
export async function answerTo(question) {
  let text = "The server does not answer: nothing was moved.";
  try {
    const answer = await question;
    const told = await answer.json();
    if (answer.ok) return told;
    if (answer.status === 401) document.dispatchEvent(new Event("signed-out"));
    text = `${told.message} ${told.fix}`;
  } catch { /* no answer, or none that can be read */ }
  announce(text);
  showMessage(text);
}
