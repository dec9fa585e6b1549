/* A program in TypeScript that balances a cluster, by the types that openapi-typescript makes of the schema. */
import createClient from "openapi-fetch";
import type { paths } from "./homenode.js";

const { CONSOLE: baseUrl = "", TOKEN = "" } = process.env;
const console_ = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${TOKEN}` } });
const named = { params: { path: { name: "acme" } } };

const tree = await console_.GET("/api/v1/clusters/{name}", named);
const assigned: number | undefined = tree.data?.users.assigned;

const plan = await console_.POST("/api/v1/clusters/{name}/plans", { ...named, body: { goal: "balance" } });
if (!plan.data) throw new Error(plan.error?.code);

const run = await console_.POST("/api/v1/plans/{plan_hash}/run", {
  params: { path: { plan_hash: plan.data.hash } },
  body: { rate: 50 },
});

const nothing = await console_.GET("/api/v1/clusters/{name}", { params: { path: { name: "nothing" } } });

// @ts-expect-error a goal that there is not
await console_.POST("/api/v1/clusters/{name}/plans", { ...named, body: { goal: "perhaps" } });
// @ts-expect-error an address that there is not
await console_.GET("/api/v1/cluster");
// @ts-expect-error a member that no problem has
const wrong = nothing.error?.reason;

console.log(JSON.stringify({
  assigned,
  moves: plan.data.moves,
  run: run.data?.state,
  code: nothing.error?.code,
  wrong,
}));
