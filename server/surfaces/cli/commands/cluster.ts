import { Settings } from "../../../../schemas/settings.ts";
import { contextsOf } from "../../../instances/drivers/kubernetes/choose.ts";
import { type Cluster, openCluster } from "../../../instances/drivers/kubernetes/cluster.ts";
import { clusterError } from "../../../instances/drivers/kubernetes/errors.ts";
import { manifestsOf } from "../../../instances/drivers/kubernetes/manifests.ts";
import type { Manifest } from "../../../instances/drivers/kubernetes/manifests.ts";
import { checkCluster, setUpCluster } from "../../../instances/drivers/kubernetes/setup.ts";
import { warmPoolOf } from "../../../instances/drivers/kubernetes/warm-pool.ts";
import { workerEntry } from "../../../platform/installation.ts";
import { alignColumns } from "../display/summary.ts";
import type { CommandContext } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import { findWorkspace } from "../session/target.ts";
import { type RecordFlags, withConnection } from "./records.ts";

/** The settings of this workspace, from all sources. */
const settingsHere = async (flags: RecordFlags, context: CommandContext): Promise<Settings> => {
  let settings = Settings.parse({});
  await withConnection(flags, context, async (connection) => {
    const { items } = await connection.call("settings/list", {});
    const chosen = items.filter(({ key }) => /^(kubernetes|pool)\./.test(key));
    const alone = items.filter(({ key }) => ["allowed_hosts", "permissions", "image"].includes(key));
    const group = (name: string) =>
      Object.fromEntries(
        chosen
          .filter(({ key }) => key.startsWith(`${name}.`))
          .map(({ key, value }) => [key.slice(name.length + 1), value]),
      );
    settings = Settings.parse({
      ...Object.fromEntries(alone.map(({ key, value }) => [key, value])),
      ...{ kubernetes: group("kubernetes"), pool: group("pool") },
    });
    return exitCodes.held;
  });
  return settings;
};

/** Does the same in every cluster of the settings. If there are several, each line names its cluster. */
const inEach = async <Line extends { title: string }>(
  settings: Settings,
  work: (cluster: Cluster) => Promise<Line[]>,
): Promise<Line[]> => {
  const { namespace } = settings.kubernetes;
  const contexts = contextsOf(settings.kubernetes);
  const all: Line[] = [];
  for (const context of contexts) {
    const lines = await work(await openCluster({ context, namespace }));
    const prefix = contexts.length > 1 ? `${context ?? ""}: ` : "";
    all.push(...lines.map((line) => ({ ...line, title: `${prefix}${line.title}` })));
  }
  return all;
};

const print = async (
  manifests: readonly Manifest[],
  flags: RecordFlags,
  { terminal }: CommandContext,
): Promise<number> => {
  if (flags.json === true) terminal.out(manifests.map((one) => `${JSON.stringify(one)}\n`).join(""));
  else {
    const { dumpYaml } = await import("@kubernetes/client-node");
    terminal.out(manifests.map((one) => dumpYaml(one)).join("---\n"));
  }
  return exitCodes.held;
};

/** `coditect cluster manifests`: what `setup` would create, for kubectl or a repository. */
export const printManifests = async (flags: RecordFlags, context: CommandContext): Promise<number> =>
  print(manifestsOf(await settingsHere(flags, context)), flags, context);

export interface WarmPoolFlags extends RecordFlags {
  replicas?: number;
}

/** `coditect cluster warm-pool`: the objects from which agent-sandbox creates pods for this workspace. */
export const printWarmPool = async (
  name: string,
  flags: WarmPoolFlags,
  context: CommandContext,
): Promise<number> => {
  const workspace = await findWorkspace(flags, context.currentFolder);
  const settings = await settingsHere(flags, context);
  const choices = { name, replicas: flags.replicas ?? 2, entry: workerEntry() };
  return print(warmPoolOf(workspace, settings, choices), flags, context);
};

/** `coditect cluster setup`: creates missing objects and does not change existing ones. */
export const setUp = async (flags: RecordFlags, context: CommandContext): Promise<number> => {
  const settings = await settingsHere(flags, context);
  const interruption = catchInterruption();
  try {
    const done = await inEach(settings, (cluster) => setUpCluster(cluster, settings, interruption.signal));
    const { terminal } = context;
    if (flags.json === true) terminal.out(done.map((one) => `${JSON.stringify(one)}\n`).join(""));
    else {
      const rows = done.map(({ title, created }) => [title, created ? "created" : "exists; not changed"]);
      terminal.out(`${alignColumns(rows).join("\n")}\n`);
    }
    return exitCodes.held;
  } catch (error) {
    throw clusterError(error);
  } finally {
    interruption.stop();
  }
};

/** `coditect cluster check`: shows what instances need and lack. Exit code 1 if something is missing. */
export const check = async (flags: RecordFlags, context: CommandContext): Promise<number> => {
  const settings = await settingsHere(flags, context);
  const interruption = catchInterruption();
  try {
    const checks = await inEach(settings, (cluster) => checkCluster(cluster, settings, interruption.signal));
    const { terminal } = context;
    if (flags.json === true) terminal.out(checks.map((one) => `${JSON.stringify(one)}\n`).join(""));
    else {
      const rows = checks.map(({ title, problem }) => [problem === null ? "✔" : "✖", title, problem ?? "ok"]);
      terminal.out(`${alignColumns(rows).join("\n")}\n`);
    }
    return checks.some(({ problem }) => problem !== null) ? exitCodes.gate : exitCodes.held;
  } catch (error) {
    throw clusterError(error);
  } finally {
    interruption.stop();
  }
};
