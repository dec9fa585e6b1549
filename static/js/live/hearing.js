/* What a message of the stream means for this tab, whether it comes from the server or from the tab that leads. */
import { hearTopics, retryFailed } from "./fragments.js";
import { date, isLive, show, sign } from "./light.js";
import { tellLost } from "./lost.js";
import { outdate } from "./outdated.js";
import { setClock } from "../page/clock.js";
import { arrive, leaveIfGone } from "./versions.js";

const MINUTE = 60_000; // milliseconds; while web processes of two versions run, each may answer by turns
const SPREAD = 10_000; // not all browsers in the same instant
const someTime = () => Math.max(MINUTE, performance.now() + SPREAD * Math.random());
let last = ""; // the id of the newest message

export const lastId = () => last;

export function hear({ state, why, id, topics, seen, news, gone, now, build }) {
  last = id || last;
  if (seen) sign(seen);
  if (build) setClock(Number(now));
  if (build && build !== document.body.dataset.build) outdate({ from: someTime() });
  if (gone) leaveIfGone(gone);
  if (show(state, why) && isLive()) retryFailed();
  tellLost();
  if (news) arrive(news);
  dateLight();
  hearTopics(topics ?? []);
}

export function dateLight() {
  if (!isLive()) return;
  const { version, at } = document.body.dataset;
  date(version ?? (last || at), version ? version / 1000 : Number(last.split("-")[0] || at));
}
