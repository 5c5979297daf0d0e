import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { oneStage } from "./one-stage.ts";
import { startRuntime } from "../../harness.ts";

/** The same steps by the runtime, through its own store, gateway and worker. */
const [endpoint = "", folder = "", steps = ""] = process.argv.slice(2);

const host = await startRuntime({
  workspace: folder,
  settings: { durability: "fsync", provider: { Ollama: { model: "rehearsal", endpoint } } },
});
await host.call("teams/create", oneStage(Number(steps)));
const { status } = await host.run("steps", { task: "Read the file." });
if (status !== "Succeeded") throw new Error(`it ended as ${status}: ${host.problems.join(" ")}`);
const state = join(folder, ".coditect", "state");
const files = await readdir(state, { recursive: true, withFileTypes: true });
const sizes = await Promise.all(
  files.map(async (file) => (file.isFile() ? (await stat(join(file.parentPath, file.name))).size : 0)),
);
// Nothing is folded within a run of this size: what stands there is all that was written.
process.stdout.write(`${sizes.reduce((sum, size) => sum + size, 0)}\n`);
await host.close();
