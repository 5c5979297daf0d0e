import { oneStage } from "./one-stage.ts";
import { countWritten } from "./written.ts";
import { startRuntime } from "../../harness.ts";

/** The same steps by the runtime, through its own store, gateway and worker. */
const [endpoint = "", folder = "", steps = "", syncs] = process.argv.slice(2);
const durability = syncs === "true" ? "fsync" : "os";

const written = await countWritten();
const host = await startRuntime({
  workspace: folder,
  settings: { durability, provider: { Ollama: { model: "rehearsal", endpoint } } },
});
await host.call("teams/create", oneStage(Number(steps)));
const { status } = await host.run("steps", { task: "Read the file." });
if (status !== "Succeeded") throw new Error(`it ended as ${status}: ${host.problems.join(" ")}`);
process.stdout.write(JSON.stringify({ written: written.all, room: written.room, keeps: durability }));
await host.close();
