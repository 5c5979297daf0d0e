import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { FileChange } from "../../../schemas/changes.ts";
import { forgivingOldBuilds } from "../../../server/teams/stage/old-failed-builds.ts";
import { testReport } from "../../support/reports.ts";

const change: FileChange = {
  path: "packages/core/src/index.ts",
  before: null,
  content: { encoding: "utf8", data: "" },
  executable: false,
};
const wanted = { files: null, coverage: false };

/** A ground whose builds in these folders fail, with the change or without. */
const groundFailing = (failing: { changed: string[]; original: string[] }) => {
  const done: string[] = [];
  let folders: readonly string[] = [];
  const ground = forgivingOldBuilds({
    prepare: (changes) => {
      folders = changes.length > 0 ? failing.changed : failing.original;
      done.push(changes.length > 0 ? "changed" : "original");
      return Promise.resolve();
    },
    runTests: ({ touched = [], builds_only }) => {
      done.push(builds_only === true ? `build for ${touched.join()}` : "tests");
      const builds = folders.map((build) => ({
        name: `npm run build in ${build} failed`,
        message: "",
        build,
      }));
      return Promise.resolve(testReport({ errors: [{ name: "an uncaught error", message: "" }, ...builds] }));
    },
  });
  const failed = async (): Promise<string[]> =>
    (await ground.runTests(wanted)).errors.map(({ name }) => name);
  return { ground, done, failed };
};

describe("a build that fails with a change", () => {
  it("is no error of the change if it fails without it as well, which is tried once", async () => {
    const { ground, done, failed } = groundFailing({ changed: ["app", "core"], original: ["core", "web"] });
    await ground.prepare([change]);
    for (let run = 0; run < 2; run += 1)
      assert.deepEqual(await failed(), ["an uncaught error", "npm run build in app failed"]);
    assert.deepEqual(done, [
      ...["changed", "tests", "original", `build for ${change.path}`, "changed"],
      ...["tests"],
    ]);
  });

  it("is looked at again where another package fails with a later change", async () => {
    const failing = { changed: ["core"], original: ["core", "app"] };
    const { ground, done, failed } = groundFailing(failing);
    await ground.prepare([change]);
    assert.deepEqual(await failed(), ["an uncaught error"]);
    failing.changed = ["core", "app"];
    await ground.prepare([change]);
    assert.deepEqual(await failed(), ["an uncaught error"]);
    assert.equal(done.filter((each) => each.startsWith("build")).length, 2);
  });

  it("stays an error where nothing was changed", async () => {
    const { ground, done, failed } = groundFailing({ changed: [], original: ["core"] });
    await ground.prepare([]);
    assert.deepEqual(await failed(), ["an uncaught error", "npm run build in core failed"]);
    assert.deepEqual(done, ["original", "tests"]);
  });
});
