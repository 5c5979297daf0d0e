import { MetricField } from "../../../../schemas/metrics.ts";
import { Option, type Command } from "commander";
import type { RecordFlags } from "../commands/records.ts";
import type { CommandContext } from "../display/terminal.ts";
import { type End, recordCommand, withSpan } from "./options.ts";

export const addMetrics = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("../commands/metrics.ts");
  const metrics = withSpan(
    recordCommand(program, "metrics", "show success rates, durations, tokens and cost"),
  )
    .addOption(new Option("--by <field>", "what each row shows").choices(MetricField.options).default("day"))
    .action(async (flags: RecordFlags) => end((await load()).showMetrics(flags, context)));
  metrics
    .command("rules")
    .summary("print the alerts as a rules file of Prometheus")
    // Both commands have these flags, and commander gives them to the outer one.
    .action(async (_flags: RecordFlags, command: Command) =>
      end((await load()).printRules(command.optsWithGlobals<RecordFlags>(), context)),
    );
  withSpan(recordCommand(program, "report", "write the dashboard as one HTML page"))
    .argument("[file]", "the file", "coditect-report.html")
    .action(async (file: string, flags: RecordFlags) =>
      end((await load()).writeReport(file, flags, context)),
    );
};

export const addAlerts = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("../commands/alerts.ts");
  const alerts = program.command("alerts").summary("list and acknowledge alerts");
  recordCommand(alerts, "list", "list alerts; exit code 1 while one is not acknowledged")
    .option("--all", "include alerts whose cause no longer exists")
    .action(async (flags: RecordFlags & { all?: boolean }) => end((await load()).listAlerts(flags, context)));
  recordCommand(alerts, "ack <alert-id>", "acknowledge an alert").action(
    async (id: string, flags: RecordFlags) => end((await load()).acknowledgeAlert(id, flags, context)),
  );
};
