import { type Command, InvalidArgumentError, Option } from "commander";
import type { WarmPoolFlags } from "../commands/cluster.ts";
import type { RecordFlags } from "../commands/records.ts";
import type { CommandContext } from "../display/terminal.ts";
import { type End, recordCommand } from "./options.ts";

const count = (text: string): number => {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError("It must be a number from 1 to 9999.");
  return Number(text);
};

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
  recordCommand(
    cluster,
    "warm-pool <name>",
    "print the SandboxTemplate and SandboxWarmPool (agent-sandbox) of this workspace",
  )
    .addOption(
      new Option("--replicas <n>", "number of pods that are kept ready (default: 2)").argParser(count),
    )
    .action(async (name: string, flags: WarmPoolFlags) =>
      end((await load()).printWarmPool(name, flags, context)),
    );
};
