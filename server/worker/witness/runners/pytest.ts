import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readEvents } from "./events.ts";
import { pytestPlugin } from "../pytest-plugin.ts";
import { pythonChild } from "../python/child.ts";
import { modulePath } from "../../runners/detect-python.ts";
import { nameSeparator } from "../../runners/names.ts";
import type { RunnerAdapter } from "./runner.ts";

/** `-k` takes an expression of words, so that is what is left of a name. */
const wordsOf = (name: string): string =>
  (
    name
      .split(nameSeparator)
      .join(" ")
      .match(/[\p{L}\p{N}_]+/gu) ?? []
  )
    .filter((word) => !/^(and|or|not)$/.test(word))
    .join(" and ");

/**
 * pytest takes what follows a bracket for the parameters of a test: of such a file it is given the
 * folder above, and what was not asked for is left out of the report.
 */
const argumentFor = (file: string): string =>
  file.includes("[") ? file.slice(0, file.indexOf("[")).replace(/[^/]*$/, "") || "." : file;

export const pytest: RunnerAdapter = {
  launch: async (job) => {
    await writeFile(join(job.reportFolder, "coditect_reporter.py"), pytestPlugin(job.witness.settings));
    await writeFile(join(job.reportFolder, "sitecustomize.py"), pythonChild(job.witness.settings));
    return {
      command: [
        job.program ?? "pytest",
        "-p",
        "coditect_reporter",
        // The project's own options may need the cache; an empty one keeps --lf and --ff harmless.
        "-o",
        `cache_dir=${join(job.reportFolder, "cache")}`,
        "--color=no",
        // Assertions are refused where they are rewritten.
        ...(job.witness.settings.refuse_assertions ? ["--assert=rewrite"] : []),
        ...(job.coverage ? ["--cov=.", "--cov-report=", "--cov-fail-under=0"] : []),
        ...(job.name === null ? [] : ["-k", wordsOf(job.name)]),
        ...new Set(job.files?.map(argumentFor)),
      ],
      env: {
        ...(job.witness.settings.mutant === null ? {} : { CODITECT_MUTANT: job.witness.settings.mutant }),
        PYTHONPATH: modulePath(job.folder, job.reportFolder),
        PYTHONDONTWRITEBYTECODE: "1",
        PYTHONUTF8: "1",
        COVERAGE_FILE: join(job.reportFolder, ".coverage"),
      },
    };
  },
  read: readEvents,
};
