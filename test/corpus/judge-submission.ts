import { byNames } from "../../schemas/test-layout.ts";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { FileChange } from "../../schemas/changes.ts";
import type { GateName, GateProof } from "../../schemas/gates.ts";
import type { ProvingGround, TestsWanted } from "../../server/executions/execution-request.ts";
import { testedSources } from "../../server/context/tested-sources.ts";
import { judge } from "../../server/proof/judge.ts";
import { privateCopy } from "../../server/worker/copy/copy.ts";
import { prepare } from "../../server/worker/copy/prepare.ts";
import { runTests } from "../../server/worker/runners/run-tests.ts";
import type { Files, Submission } from "./kit.ts";

const dependencies = resolve(import.meta.dirname, "../../node_modules");

const write = async (root: string, files: Files): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    if (text === null) continue;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
};

const sha = (text: string): string => createHash("sha256").update(text).digest("hex");

const changeOf = (base: Files, path: string, text: string | null): FileChange => {
  const before = base[path] ?? null;
  return {
    path,
    before: before === null ? null : sha(before),
    content: text === null ? null : { encoding: "utf8", data: text },
    executable: false,
  };
};

/** Calls `use` with a real copy of these files, in which the real runners run. Then removes the files. */
export const onGround = async <Result>(
  files: Files,
  use: (ground: ProvingGround, source: string, signal: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-corpus-"));
  const source = join(folder, "project");
  const signal = AbortSignal.timeout(900_000);
  try {
    await mkdir(source);
    await write(source, files);
    await symlink(dependencies, join(source, "node_modules"));
    const copy = privateCopy(source, join(folder, "copy"));
    const ground: ProvingGround = {
      prepare: async (changes) => {
        await prepare(copy, { overlays: [], changes: [...changes] }, signal);
      },
      runTests: ({ files, coverage, name, probe }) =>
        runTests(
          copy.root,
          {
            files,
            coverage,
            name: name ?? null,
            command: null,
            timeout_seconds: 240,
            ...(probe === undefined ? {} : { probe }),
          },
          signal,
        ),
    };
    return await use(ground, source, signal);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
};

/**
 * The results of the real gates for a submission, with the real runners, on a real copy.
 *
 * @param options `ran` is called for each run of tests
 */
export const judgeSubmission = (
  { base, tests, code }: Submission,
  gates?: readonly GateName[],
  { budgetMs = 45_000, ran }: { budgetMs?: number; ran?: (wanted: TestsWanted) => void } = {},
): Promise<GateProof[]> =>
  onGround(base, (ground, source, signal) =>
    judge(
      {
        changes: Object.entries({ ...tests, ...code }).map(([path, text]) => changeOf(base, path, text)),
        layout: byNames,
        readBase: (path) => readFile(join(source, path), "utf8").catch(() => null),
      },
      {
        ...ground,
        runTests: (wanted) => {
          ran?.(wanted);
          return ground.runTests(wanted);
        },
      },
      {
        now: () => new Date().toISOString(),
        signal,
        proven: () => undefined,
        mutantsThreshold: 0.8,
        equivalents: new Map(),
        budgetMs,
        affectedTests: () => Promise.resolve([]),
        testedSources: (tests, read) => testedSources(source, tests, { read, overlays: [], signal }),
        ...(gates === undefined ? {} : { gates }),
      },
    ),
  );
