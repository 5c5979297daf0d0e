import { readFileSync } from "node:fs";
import { z } from "zod";

const Repository = z.object({ full_name: z.string() }).nullable();
/** The part of a GitHub event that says whose commits are checked out. */
const PullRequestEvent = z.object({
  pull_request: z.object({ head: z.object({ repo: Repository }), base: z.object({ repo: Repository }) }),
});

/** A run that another one started, which can also be for the branch of a fork. */
const WorkflowRunEvent = z.object({
  workflow_run: z.object({ head_repository: Repository }),
  repository: z.object({ full_name: z.string() }),
});

/** The event of a comment. It does not say whose commits a job then checks out. */
const CommentEvent = z.object({ issue: z.object({ pull_request: z.unknown().optional() }) });

const readEvent = (path: string | undefined): unknown => {
  try {
    return JSON.parse(readFileSync(path ?? "", "utf8"));
  } catch {
    return null;
  }
};

/** Whether the event of GitHub Actions, or of a compatible service, is about commits of a fork. */
const isOfFork = (name: string, event: unknown): boolean => {
  if (name.startsWith("pull_request")) {
    const { success, data } = PullRequestEvent.safeParse(event);
    if (!success) return true;
    const { head, base } = data.pull_request;
    return head.repo === null || head.repo.full_name !== base.repo?.full_name;
  }
  if (name === "workflow_run") {
    const { success, data } = WorkflowRunEvent.safeParse(event);
    return !success || data.workflow_run.head_repository?.full_name !== data.repository.full_name;
  }
  if (name === "issue_comment") {
    const { success, data } = CommentEvent.safeParse(event);
    return !success || data.issue.pull_request !== undefined;
  }
  return false;
};

/** Variables of CI services that name the source and the target of a change. */
const fromAndTo: readonly (readonly [from: string, to: string])[] = [
  ["CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "CI_MERGE_REQUEST_PROJECT_ID"],
  ["CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY", "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY"],
  ["SEMAPHORE_GIT_PR_SLUG", "SEMAPHORE_GIT_REPO_SLUG"],
  ["TRAVIS_PULL_REQUEST_SLUG", "TRAVIS_REPO_SLUG"],
  ["BUILDKITE_PULL_REQUEST_REPO", "BUILDKITE_REPO"],
  ["APPVEYOR_PULL_REQUEST_HEAD_REPO_NAME", "APPVEYOR_REPO_NAME"],
];

/** Variables that CI services set only for changes from forks: Azure Pipelines, CircleCI, Jenkins, Codefresh. */
const ofForks = ["SYSTEM_PULLREQUEST_ISFORK", "CIRCLE_PR_REPONAME", "CHANGE_FORK", "CF_PULL_REQUEST_IS_FORK"];

const isSet = (value: string | undefined): value is string =>
  value !== undefined && value !== "" && value.toLowerCase() !== "false";

/**
 * Whether a CI service says that the change comes from a fork, so its author may not write to the repository.
 * If an event cannot be read and secrets may be available, the change counts as one from a fork.
 */
export const isForksChange = (environment: NodeJS.ProcessEnv): boolean => {
  const { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path } = environment;
  return (
    (name !== undefined && isOfFork(name, readEvent(path))) ||
    fromAndTo.some(([from, to]) => isSet(environment[from]) && environment[from] !== environment[to]) ||
    ofForks.some((variable) => isSet(environment[variable]))
  );
};
