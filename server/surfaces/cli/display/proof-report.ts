import type { GateProof } from "../../../../schemas/gates.ts";
import { shortFailure } from "../../../../schemas/short-failure.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** The maximum length of a piece of evidence. */
const LONGEST = 800;

/** A proof as Markdown, for a pull request or a person. */
export const proofMarkdown = (
  proofs: readonly GateProof[],
  base: string,
  files: readonly string[],
): string => {
  const failed = proofs.find(({ held }) => !held);
  const rows = proofs.map(
    ({ gate, held, reason }) => `| ${held ? "✔" : "✖"} | \`${gate}\` | ${cell(reason)} |`,
  );
  const evidence =
    failed === undefined || failed.evidence.length === 0
      ? []
      : ["", "```", ...failed.evidence.slice(0, 20).map((text) => shortFailure(text, LONGEST)), "```"];
  return `${[
    failed === undefined ? "## ✔ The change is proven" : `## ✖ The change is not proven: ${failed.gate}`,
    "",
    `${files.length} ${files.length === 1 ? "file" : "files"} changed since ${base.slice(0, 12)}.`,
    "",
    "| | Gate | Measured |",
    "|---|---|---|",
    ...rows,
    ...evidence,
  ].join("\n")}\n`;
};

const place = /^(?:\w[\w ]*: )?([\w@.+/ -]+\.\w+)(?::(\d+))?/;

/** The gates that did not hold as SARIF 2.1.0. The location comes from the evidence. */
export const proofSarif = (proofs: readonly GateProof[], version: string): string => {
  const failed = proofs.filter(({ held }) => !held);
  const results = failed.flatMap(({ gate, reason, evidence }) =>
    (evidence.length === 0 ? [reason] : evidence).map((text) => {
      const [, path, line] = place.exec(text) ?? [];
      const region = line === undefined ? {} : { region: { startLine: Math.max(1, Number(line)) } };
      return {
        ruleId: gate,
        level: "error",
        message: { text: `${reason}\n${text}` },
        ...(path === undefined
          ? {}
          : {
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: {
                      uri: path.split("/").map(encodeURIComponent).join("/"),
                      uriBaseId: "SRCROOT",
                    },
                    ...region,
                  },
                },
              ],
            }),
      };
    }),
  );
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "CODITECT Agents",
            semanticVersion: version,
            rules: [...new Set(failed.map(({ gate }) => gate))].map((id) => ({ id })),
          },
        },
        originalUriBaseIds: { SRCROOT: { description: { text: "The workspace folder." } } },
        results,
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
};
