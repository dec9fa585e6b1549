/* How the tabs of one person in one browser talk; two people share nothing. */
const { person } = document.body.dataset;

export const name = `homenode-live-${person}`;
export const me = `${Date.now()}-${Math.random()}`;
export const canShare = "BroadcastChannel" in window && Boolean(navigator.locks);

const channel = canShare ? new BroadcastChannel(name) : null;

export const post = (message) => channel?.postMessage(message);
export const onMessage = (act) => { channel.onmessage = ({ data }) => act(data); };
