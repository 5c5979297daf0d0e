import type { Command } from "commander";
import type { RecordFlags } from "../commands/records.ts";
import type { CommandContext } from "../display/terminal.ts";
import { type End, recordCommand } from "./options.ts";

export const addCluster = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("../commands/cluster.ts");
  const cluster = program.command("cluster").summary("prepare a Kubernetes cluster for instances");
  recordCommand(
    cluster,
    "setup",
    "create what is missing in the cluster; change nothing that is there",
  ).action(async (flags: RecordFlags) => end((await load()).setUp(flags, context)));
  recordCommand(cluster, "check", "say what is missing; exit code 1 if something is").action(
    async (flags: RecordFlags) => end((await load()).check(flags, context)),
  );
  recordCommand(cluster, "manifests", "print what setup creates, for kubectl apply -f -").action(
    async (flags: RecordFlags) => end((await load()).printManifests(flags, context)),
  );
};
