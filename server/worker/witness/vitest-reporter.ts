import { failureScript } from "./failure.ts";

/**
 * A reporter for Vitest that tells why tests failed, which its JSON report gives as text only. It
 * runs in Vitest's main process, where no file of the project but its configuration does.
 */
export const vitestReporter = (key: string, channel: string): string => `
import { createHmac } from "node:crypto";
import { appendFileSync } from "node:fs";
const failureOf = ${failureScript};
const tell = (event) => {
  const body = JSON.stringify(event);
  const mac = createHmac("sha256", ${JSON.stringify(key)}).update(body).digest("hex");
  appendFileSync(${JSON.stringify(channel)}, mac + " " + body + "\\n");
};
const visit = (task, file, names) => {
  if (task.tasks !== undefined) {
    for (const inner of task.tasks) visit(inner, file, task.type === "suite" && task.filepath === undefined ? [...names, task.name] : names);
  } else if (task.result?.state === "fail")
    tell({
      type: "test", file, name: [...names, task.name].join(" > "), status: "failed", duration_ms: null, message: null,
      failure: failureOf(task.result.errors?.[0]),
    });
};
export default class {
  told = false;
  onFinished(files = []) {
    if (this.told) return;
    this.told = true;
    for (const file of files) visit(file, file.filepath, []);
  }
  onTestRunEnd(modules = []) {
    this.onFinished(modules.map((module) => module.task));
  }
}
`;
