import type { Command } from "commander";
import type { ExportFlags, ImportFlags, SharedKind } from "../commands/share.ts";
import type { RecordFlags, RecordGroup } from "../commands/records.ts";
import type { CommandContext } from "../display/terminal.ts";
import { type End, recordCommand } from "./options.ts";

const groupSummaries: Readonly<Record<RecordGroup, string>> = {
  runs: "list, show and compare runs",
  executions: "list, show and cancel executions",
  agents: "list, show and share agents",
  instances: "list and show instances",
  teams: "list, show and share teams",
};

export const addRecords = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("../commands/records.ts");
  // `Object.keys` returns strings; this object has exactly these keys.
  for (const group of Object.keys(groupSummaries) as RecordGroup[]) {
    const command = program.command(group).summary(groupSummaries[group]);
    recordCommand(command, "list", `list ${group}`).action(async (flags: RecordFlags) =>
      end((await load()).listRecords(group, flags, context)),
    );
    const show = recordCommand(command, "show <id>", "show one");
    if (group === "executions")
      show.option("--prompt", "show the exact request of its last turn, without the key");
    show.action(async (id: string, flags: RecordFlags & { prompt?: boolean }) => {
      const { showPrompt, showRecord } = await load();
      await end(
        flags.prompt === true ? showPrompt(id, flags, context) : showRecord(group, id, flags, context),
      );
    });
    if (group === "agents" || group === "teams") addSharing(command, group, context, end);
    if (group === "runs")
      recordCommand(command, "compare <task-id> <other>", "show two runs side by side").action(
        async (one: string, other: string, flags: RecordFlags) =>
          end((await import("../commands/compare.ts")).compareRuns([one, other], flags, context)),
      );
    if (group === "executions")
      recordCommand(command, "cancel <id>", "cancel one").action(async (id: string, flags: RecordFlags) =>
        end((await import("../commands/decisions.ts")).cancelExecution(id, flags, context)),
      );
  }
};

const addSharing = (command: Command, kind: SharedKind, context: CommandContext, end: End): void => {
  const load = () => import("../commands/share.ts");
  recordCommand(command, "export <name>", "write it to one file to share, without keys and providers")
    .option("--output <file>", "the file (default: standard output)")
    .action(async (name: string, flags: ExportFlags) =>
      end((await load()).exportShared(kind, name, flags, context)),
    );
  recordCommand(command, "restore <name>", "discard your edits to a default and restore the original").action(
    async (name: string, flags: RecordFlags) =>
      end((await load()).restoreDefault(kind, name, flags, context)),
  );
  recordCommand(
    command,
    "import <source>",
    "import a file, npm:NAME or git URL into .coditect, after a preview; nothing in it is executed",
  )
    .option("--hash <sha256>", "import without a question if the content has this hash")
    .action(async (source: string, flags: ImportFlags) =>
      end((await load()).importShared(source, flags, context)),
    );
};
