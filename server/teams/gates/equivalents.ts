import { EQUIVALENT_MUTANT, type Finding } from "../../../schemas/findings.ts";
import type { Equivalent } from "./gate.ts";

/** The mutants that a person confirmed to make no difference, by ID, with the people who argued and confirmed. */
export const equivalentsOf = (
  findings: readonly Finding[],
  arguedBy: (finding: Finding) => string,
): ReadonlyMap<string, Equivalent> =>
  new Map(
    findings.flatMap((finding): [string, Equivalent][] =>
      finding.category === EQUIVALENT_MUTANT && finding.confirmed_by !== undefined
        ? [[finding.fingerprint, { argued_by: arguedBy(finding), confirmed_by: finding.confirmed_by }]]
        : [],
    ),
  );
