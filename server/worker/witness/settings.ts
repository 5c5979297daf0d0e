import type { TestLayout } from "../../../schemas/test-layout.ts";
import type { TestProbe } from "../../../schemas/tests.ts";

/** What a witness inside the processes of a test run has to know. */
export interface WitnessSettings extends TestProbe {
  /** Which files of the workspace are tests. */
  layout: TestLayout;
  /** Absolute path of the workspace the tests run in. */
  root: string;
  /** Absolute path of the run's own folder. */
  folder: string;
  /** The file it writes to. */
  channel: string;
  /** Key of this run that each line is signed with. */
  key: string;
  /** A module that replaces `node:assert` where assertions are refused. */
  assert_url: string;
  /** Whether one of our reporters in the same process uses it. */
  shared: boolean;
}
