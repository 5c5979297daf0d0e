import { readFileSync } from "node:fs";
import { z } from "zod";

const Repository = z.object({ full_name: z.string() }).nullable();
/** The part of a GitHub event that says whose commits are checked out. */
const PullRequestEvent = z.object({
  pull_request: z.object({ head: z.object({ repo: Repository }), base: z.object({ repo: Repository }) }),
});

const readEvent = (path: string | undefined): unknown => {
  try {
    return JSON.parse(readFileSync(path ?? "", "utf8"));
  } catch {
    return null;
  }
};

/**
 * Whether a CI service says that the change comes from a fork: its author may not write to the
 * repository. An event that cannot be read counts as one, where secrets would be there.
 */
export const isForksChange = (environment: NodeJS.ProcessEnv): boolean => {
  const { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path } = environment;
  if (name?.startsWith("pull_request") === true) {
    const event = PullRequestEvent.safeParse(readEvent(path));
    if (!event.success) return true;
    const { head, base } = event.data.pull_request;
    return head.repo === null || head.repo.full_name !== base.repo?.full_name;
  }
  const { CI_MERGE_REQUEST_SOURCE_PROJECT_ID: source, CI_MERGE_REQUEST_PROJECT_ID: target } = environment;
  return source !== undefined && source !== target;
};
