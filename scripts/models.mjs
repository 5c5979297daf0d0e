// `npm run models`: compares what we know of models with the installed clients and price data. Exit code
// 1 if a model is new, a default is not listed, or a price differs. `npm run models -- --write` takes the
// prices over.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { format } from "prettier";
import { defaultModels } from "../schemas/default-models.ts";
import { modelNames } from "../server/gateway/catalogue/catalogue.ts";
import { KEPT_PRICES, keptPrices } from "./kept-prices.ts";

const client = createRequire(import.meta.url).resolve("@anthropic-ai/sdk/resources/messages/messages");
const sourceOf = (extension) => readFileSync(client.replace(/\.m?js$/, extension), "utf8");

/** Names of Claude models in the type of the official client, without dates. */
const listedNames = () => {
  const union = /export type Model = ([^;]*);/.exec(sourceOf(".d.ts"))?.[1] ?? "";
  return new Set([...union.matchAll(/'([^']+)'/g)].map(([, name]) => name.replace(/-\d{8}$/, "")));
};

/** Names that the official client calls deprecated, with the day on which they end. */
const retiredNames = () => {
  const object = /const DEPRECATED_MODELS = \{([^}]*)\}/.exec(sourceOf(".js"))?.[1] ?? "";
  return new Map([...object.matchAll(/'([^']+)': '([^']+)'/g)].map(([, name, date]) => [name, date]));
};

const kept = JSON.parse(readFileSync(KEPT_PRICES, "utf8"));
const current = keptPrices();
if (process.argv.includes("--write"))
  writeFileSync(KEPT_PRICES, await format(JSON.stringify(current), { parser: "json", printWidth: 110 }));

const [listed, retired] = [listedNames(), retiredNames()];
const known = new Set(modelNames("Claude"));
const pricesOf = ({ models }) => new Map(Object.values(models).flatMap((each) => Object.entries(each)));
const [before, after] = [pricesOf(kept), pricesOf(current)];
const deprecated = [...retired].filter(([name]) => known.has(name));
for (const [name, date] of deprecated) console.log(`${name} is deprecated and ends on ${date}.`);
const report = {
  "New in the official client": [...listed].filter((name) => !known.has(name)),
  "Defaults that the official client does not list": Object.values(defaultModels).filter(
    (name) => name.startsWith("claude-") && !listed.has(name),
  ),
  [`Prices that differ in ${current.source}`]: [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => JSON.stringify(before.get(name)) !== JSON.stringify(after.get(name)),
  ),
};
for (const [title, names] of Object.entries(report)) {
  console.log(`${title}: ${names.length === 0 ? "none" : ""}`);
  for (const name of names) console.log(`  ${name}`);
}
process.exitCode = Object.values(report).some((names) => names.length > 0) ? 1 : 0;
