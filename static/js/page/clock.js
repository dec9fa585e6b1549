/* The clock of the server. Instants that a page shows are by it, so what this browser says of now must be as well: its
   own clock may be off by hours. */
const TOLERATED = 2000; // milliseconds: what an answer takes on its way
let ahead = 0; // milliseconds by which the server's clock is ahead of this browser's

/* An instant of this browser's clock, by that of the server (milliseconds since 1970). */
export const byServer = (instant) => instant + ahead;
export const now = () => byServer(Date.now());

/* The server said that it is `told`, between two instants of this browser's clock. */
export function setClock(told, from = Date.now(), to = from) {
  const off = told < from ? told - from : Math.max(0, told - to);
  ahead = Math.abs(off) > TOLERATED ? off : 0;
}

const { at } = document.body.dataset; // when the server was asked for this page
const [asked] = performance.getEntriesByType("navigation");
if (at && asked) {
  const opened = Date.now() - performance.now();
  setClock(Number(at), opened + asked.requestStart, opened + asked.responseStart);
}
