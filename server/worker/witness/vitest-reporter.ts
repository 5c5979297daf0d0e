import { isTestScript } from "../../workspace/classify.ts";
import { failureScript, TRIED_AGAIN } from "./failure.ts";
import type { WitnessSettings } from "./settings.ts";

/**
 * A reporter for Vitest that tells why tests failed, which its JSON report gives as text only, and
 * which sources import Vitest: Vite resolves what they import, so that Node's hooks do not see it. It
 * runs in Vitest's main process, where no file of the project but its configuration does.
 */
export const vitestReporter = (
  { key, layout, root, suspects }: Pick<WitnessSettings, "key" | "layout" | "root" | "suspects">,
  channel: string,
): string => `
import { createHmac } from "node:crypto";
import { appendFileSync } from "node:fs";
const isTest = ${isTestScript(layout)};
const changed = ${JSON.stringify(suspects)};
const suspects = changed.filter((path) => !isTest(path));
const root = ${JSON.stringify(root + "/")};
const failureOf = ${failureScript};
// A matcher of the project throws a plain Error. Vitest 4 and later add a context to it.
const isMatcher = (error) =>
  error?.__vitest_error_context__ !== undefined || (error?.name === "Error" && "actual" in error && "expected" in error);
const kindOf = (error) => {
  const kind = failureOf(error);
  return kind === "error" && isMatcher(error) ? "assertion" : kind;
};
const tell = (event) => {
  const body = JSON.stringify(event);
  const mac = createHmac("sha256", ${JSON.stringify(key)}).update(body).digest("hex");
  appendFileSync(${JSON.stringify(channel)}, mac + " " + body + "\\n");
};
const visit = (task, file, names) => {
  if (task.tasks !== undefined) {
    for (const inner of task.tasks) visit(inner, file, task.type === "suite" && task.filepath === undefined ? [...names, task.name] : names);
  } else if (task.result?.state === "pass" && task.result.retryCount > 0) {
    const path = file.startsWith(root) ? file.slice(root.length) : "";
    if (changed.includes(path))
      tell({ type: "tampering", path, line: null, what: ${JSON.stringify(TRIED_AGAIN)} + JSON.stringify(task.name) });
  } else if (task.result?.state === "fail")
    tell({
      type: "test", file, name: [...names, task.name].join(" > "), status: "failed", duration_ms: null, message: null,
      failure: kindOf(task.result.errors?.[0]),
    });
};
const importsRunner = (module) =>
  (module.transformResult?.deps ?? []).some((name) => /^(vitest|@vitest|chai|expect)(\\/|$)|\\/node_modules\\/(vitest|@vitest|chai|expect)\\//.test(name));
const watch = (vitest) => {
  for (const project of vitest.projects ?? [])
    for (const { moduleGraph } of Object.values(project.vite?.environments ?? {}))
      for (const path of suspects)
        if ([...(moduleGraph.getModulesByFile(${JSON.stringify(root)} + "/" + path) ?? [])].some(importsRunner))
          tell({ type: "tampering", path, line: null, what: "imports the test runner (vitest)" });
};
export default class {
  told = false;
  onInit(vitest) {
    this.vitest = vitest;
  }
  onFinished(files = []) {
    if (this.told) return;
    this.told = true;
    for (const file of files) visit(file, file.filepath, []);
    watch(this.vitest);
  }
  onTestRunEnd(modules = []) {
    this.onFinished(modules.map((module) => module.task));
  }
}
`;
