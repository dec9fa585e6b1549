/* Others see what is dragged, and over which target. */
import { summary } from "../list/selection.js";
import { ask } from "./server.js";

let telling = 0;

/* Tell them soon what a drag is about, or at once that none is any more. */
export function tellOthers(drag) {
  clearTimeout(telling);
  const { server, node } = drag?.what ?? {};
  const what = server ? { server } : node ? { list: `node:${node}` } : summary();
  const told = drag ? { ...what, to: drag.zone?.dataset.drop ?? "" } : {};
  telling = setTimeout(() => ask("drags", told).catch(() => {}), drag ? 250 : 0);
}
