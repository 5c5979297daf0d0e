import type { Finding } from "../../../../schemas/findings.ts";
import { fingerprintOf, subjectOf } from "../../../../server/executions/findings.ts";
import type { FolderRuntime } from "../../../../server/hosting/open-runtime.ts";
import type { TestDispatch } from "../../../support/dispatch.ts";
import { aFinding } from "../../../support/records.ts";

/** A finding on lines of a text, from 1 and both included, as the runtime would have stored it. */
export const findingOn = (
  text: string,
  first: number,
  last: number,
  fields: Partial<Finding> = {},
): Finding => {
  const finding = aFinding({ start_line: first, end_line: last, ...fields });
  const subject = subjectOf(text.split("\n").slice(first - 1, last));
  return { ...finding, fingerprint: fingerprintOf(finding.path, finding.category, subject) };
};

export const storeFindings = ({ store }: TestDispatch, ...findings: Finding[]): Promise<void> =>
  store.commit((transaction) => {
    for (const finding of findings) transaction.put("findings", finding);
  });

export const runtimeOf = (
  { dispatch, subscribe }: TestDispatch,
  closed: () => void = () => undefined,
): FolderRuntime => ({
  dispatch,
  subscribe,
  close: () => {
    closed();
    return Promise.resolve();
  },
});
