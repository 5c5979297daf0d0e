// `node scripts/model-table.ts` writes the table of models into docs/models.md; a test holds it equal.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { features, type Features } from "../server/gateway/catalogue/features.ts";

const BEGIN = "<!-- model table -->\n";
const END = "<!-- /model table -->";

const thinking: Readonly<Record<Features["thinking"], string>> = {
  none: "no",
  asked: "asked to",
  itself: "on its own",
};

const number = (count: number | null): string => (count === null ? "–" : count.toLocaleString("en"));

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const known = (value: boolean | null): string =>
  value === null ? "its service decides" : value ? "yes" : "no";

const efforts = (taken: Features["efforts"]): string => {
  if (taken === null) return "its service decides";
  return taken.length === 0 ? "none" : taken.join(", ");
};

/** One row for each model that is known, with what requests to it depend on. */
export const modelTable = (): string => {
  const rows = Object.entries(features).flatMap(([provider, models]) =>
    Object.entries(models).map(([name, model]) => {
      const isFamily = provider === "HuggingFace";
      const cells = [
        ...[provider, `\`${name}${isFamily ? "…" : ""}\``],
        ...[number(model.window), number(model.mostOutput)],
        ...[model.temperature ? "yes" : "no", thinking[model.thinking], efforts(model.efforts)],
        ...[known(model.pictures), known(model.forcedCalls)],
      ];
      return line(cells);
    }),
  );
  const names = ["provider", "model", "window", "longest answer", "temperature", "thinks", "efforts"];
  const heads = [...names, "pictures", "forced calls"];
  return [line(heads), line(heads.map(() => "---")), ...rows].join("\n");
};

/** A document with the table put in its place. */
export const withModelTable = (text: string): Promise<string> => {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error("docs/models.md has no place for the table of models");
  const whole = `${text.slice(0, begin)}${BEGIN}\n${modelTable()}\n\n${text.slice(end)}`;
  return format(whole, { parser: "markdown", printWidth: 110 });
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL("../docs/models.md", import.meta.url);
  writeFileSync(file, await withModelTable(readFileSync(file, "utf8")));
}
