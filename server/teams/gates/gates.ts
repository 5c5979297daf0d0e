import type { GateName, GateProof } from "../../../schemas/gates.ts";
import { isBlocking } from "../../executions/findings.ts";
import { diagrams, documents } from "./documents.ts";
import { changedPaths, prove, quantity, type Gate, type GateContext } from "./gate.ts";
import { heldBack } from "./held-back.ts";
import { mutants } from "./mutants.ts";
import { needed } from "./needed.ts";
import { red } from "./red.ts";
import { stable } from "./stable.ts";
import { clean, green, untouched } from "./tests.ts";

const notBlocking = (count: number): string =>
  count === 0 ? "No findings." : `${quantity(count, "finding")}, none blocking.`;

/** Checks that no blocking finding of this stage is open. */
const findings: Gate = (context) => {
  const blocking = context.findings.filter(isBlocking);
  return Promise.resolve({
    held: blocking.length === 0,
    reason:
      blocking.length === 0
        ? notBlocking(context.findings.length)
        : `${quantity(blocking.length, "finding blocks", "findings block")}.`,
    evidence: blocking.map(
      ({ path, start_line, severity, title, explanation }) =>
        `${path}:${start_line} ${severity}: ${title}\n${explanation}`,
    ),
  });
};

/** Checks that the stage changed at least one file. */
const changed: Gate = (context) => {
  const paths = changedPaths(context.before, context.after);
  return Promise.resolve({
    held: paths.length > 0,
    reason: paths.length > 0 ? `${quantity(paths.length, "file")} changed.` : "No file was changed.",
    evidence: paths,
  });
};

const gates: Readonly<Record<GateName, Gate>> = {
  red,
  green,
  untouched,
  clean,
  findings,
  documents,
  diagrams,
  changed,
  mutants,
  needed,
  stable,
  "held-back": heldBack,
};

/** Proves the gates in order, and stops at the first one that does not hold. */
export const proveGates = async (
  names: readonly GateName[],
  context: GateContext,
  proven: (proof: GateProof) => void,
): Promise<GateProof[]> => {
  const proofs: GateProof[] = [];
  for (const name of names) {
    const proof = await prove(name, gates[name], context);
    proofs.push(proof);
    proven(proof);
    if (!proof.held) break;
  }
  return proofs;
};

/** What the agent that repairs the work gets to see. Of held-back tests, it learns only the names. */
const evidenceFor = ({ gate, evidence }: GateProof): string[] =>
  gate === "held-back" ? evidence.map((text) => text.split("\n", 1)[0] ?? "") : evidence;

/** The message of a failed gate to the agent whose work is sent back. */
export const feedbackOf = (proofs: readonly GateProof[]): string =>
  proofs
    .filter((proof) => !proof.held)
    .map((proof) =>
      [`Gate ${proof.gate} did not hold: ${proof.reason}`, ...evidenceFor(proof).slice(0, 10)]
        .join("\n")
        .slice(0, 6000),
    )
    .join("\n\n");
