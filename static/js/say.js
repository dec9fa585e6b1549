/* What the page tells people: a message that is shown, and a sentence for screen readers. */
const messages = document.getElementById("messages");
const voice = document.createElement("div");
document.body.append(Object.assign(voice, {
  id: "voice",
  className: "visually-hidden",
  role: "status",
  ariaLive: "assertive",
}));

export function announce(text) {
  voice.textContent = text;
}

/* Only what changed: a text that is written anew is laid out, and read out, again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function showMessage(text, tone = "bad") {
  const message = document.createElement("div");
  messages.replaceChildren(Object.assign(message, { className: `toast-note tone-${tone}`, textContent: text }));
}
