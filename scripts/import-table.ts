/**
 * Who may import whom. The one table: eslint.config.mjs makes its zones of it, ARCHITECTURE.md shows
 * it, and `test/unit/architecture` holds both, and every import of the code, to it.
 *
 * A row covers its folder and every folder below that has no row of its own. `imports` names the rows
 * it may import besides itself. `node scripts/import-table.ts` writes the table into ARCHITECTURE.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

interface Row {
  folder: string;
  is: string;
  imports: readonly string[];
}

const base = ["schemas", "server/models", "server/store"];

export const importTable: readonly Row[] = [
  {
    folder: "schemas",
    is: "the types of all records, keys, contract, errors, messages of the worker protocol; imports zod alone",
    imports: [],
  },
  { folder: "client", is: "the VS Code front end", imports: ["schemas"] },
  {
    folder: "server/platform",
    is: "the installation, the user's own folders and consents, loading of bundles, the log",
    imports: ["schemas"],
  },
  {
    folder: "server/workspace",
    is: "code about workspace folders that runtime and worker share: ignore rules, confinement, encodings, merging",
    imports: ["schemas"],
  },
  {
    folder: "server/protocol",
    is: "both ends of the worker protocol: framing, requests, errors",
    imports: ["schemas"],
  },
  {
    folder: "server/worker",
    is: "the process inside an instance: agent loop, tools, private copy, test runners",
    imports: ["schemas", "server/platform", "server/protocol", "server/workspace"],
  },
  {
    folder: "server/models",
    is: "pure functions that make agents, instances, executions and alerts and move them between states",
    imports: ["schemas"],
  },
  {
    folder: "server/store",
    is: "lowdb document, journal, indexes, transcripts, objects",
    imports: ["schemas", "server/models"],
  },
  {
    folder: "server/gateway",
    is: "retry, failover, caps, cost, caches, credentials",
    imports: [
      "schemas",
      "server/models",
      "server/gateway/catalogue",
      "server/gateway/providers",
      "server/platform",
      "server/workspace",
    ],
  },
  {
    folder: "server/gateway/providers",
    is: "the model providers, and what they share",
    imports: ["schemas", "server/gateway", "server/gateway/catalogue"],
  },
  {
    folder: "server/gateway/catalogue",
    is: "facts about models: prices by day, windows, limits, features",
    imports: ["schemas"],
  },
  {
    folder: "server/context",
    is: "open files and workspace → ContextItems in a token budget",
    imports: ["schemas", "server/gateway", "server/workspace"],
  },
  {
    folder: "server/changes",
    is: "change sets: build, merge, diff, apply",
    imports: ["server/hooks", "schemas", "server/metrics", "server/store", "server/workspace"],
  },
  {
    folder: "server/instances",
    is: "the pool's interface, settings and slots",
    imports: [
      "schemas",
      "server/instances/drivers",
      "server/instances/drivers/cloud-run",
      "server/instances/drivers/docker",
      "server/instances/drivers/egress",
      "server/instances/drivers/kubernetes",
      "server/instances/drivers/local",
      "server/platform",
      "server/protocol",
    ],
  },
  {
    folder: "server/instances/drivers",
    is: "the driver interface, and code that all drivers share",
    imports: ["schemas", "server/instances/drivers/egress", "server/platform", "server/workspace"],
  },
  {
    folder: "server/instances/drivers/egress",
    is: "the proxy to the addresses an instance may reach",
    imports: ["schemas"],
  },
  {
    folder: "server/instances/drivers/local",
    is: "instances as confined processes",
    imports: [
      "schemas",
      "server/instances/drivers",
      "server/instances/drivers/egress",
      "server/platform",
      "server/workspace",
    ],
  },
  {
    folder: "server/instances/drivers/docker",
    is: "instances as containers",
    imports: [
      "schemas",
      "server/instances/drivers",
      "server/instances/drivers/egress",
      "server/platform",
      "server/workspace",
    ],
  },
  {
    folder: "server/instances/drivers/remote",
    is: "what instances on other machines share: their files, oversight and measured isolation",
    imports: [
      "schemas",
      "server/instances/drivers",
      "server/instances/drivers/docker",
      "server/instances/drivers/egress",
      "server/workspace",
    ],
  },
  {
    folder: "server/instances/drivers/kubernetes",
    is: "instances as pods of a cluster",
    imports: [
      "schemas",
      "server/instances/drivers",
      "server/instances/drivers/docker",
      "server/instances/drivers/egress",
      "server/instances/drivers/remote",
      "server/platform",
      "server/workspace",
    ],
  },
  {
    folder: "server/instances/drivers/cloud-run",
    is: "instances as containers of a Cloud Run service",
    imports: [
      "schemas",
      "server/instances/drivers",
      "server/instances/drivers/cloud-run/gateway",
      "server/instances/drivers/docker",
      "server/instances/drivers/egress",
      "server/instances/drivers/remote",
      "server/platform",
      "server/workspace",
    ],
  },
  {
    folder: "server/instances/drivers/cloud-run/gateway",
    is: "the program in a Cloud Run container that starts others and carries their streams",
    imports: [],
  },
  {
    folder: "server/instances/instance",
    is: "one instance: start, health, calls, end",
    imports: [
      ...base,
      "server/instances",
      "server/instances/drivers",
      "server/instances/drivers/egress",
      "server/metrics",
      "server/platform",
      "server/protocol",
      "server/workspace",
    ],
  },
  {
    folder: "server/instances/pool",
    is: "all instances: queue, demand, scaling",
    imports: [
      ...base,
      "server/instances",
      "server/instances/drivers",
      "server/instances/drivers/egress",
      "server/instances/instance",
      "server/platform",
    ],
  },
  {
    folder: "server/tools",
    is: "tools that leave an instance: HTTP services, MCP servers, functions of the runtime",
    imports: [
      "schemas",
      "server/instances/drivers",
      "server/instances/drivers/egress",
      "server/instances/drivers/local",
      "server/platform",
      "server/store",
      "server/workspace",
    ],
  },
  {
    folder: "server/hooks",
    is: "commands and HTTP calls of the user before and after runs, stages, tool calls and change sets",
    imports: ["schemas", "server/platform", "server/tools", "server/workspace"],
  },
  {
    folder: "server/metrics",
    is: "daily totals of finished executions and of the time of instances, the Prometheus output, the report",
    imports: ["schemas", "server/forecast", "server/store"],
  },
  {
    folder: "server/forecast",
    is: "estimates of a run's cost and time, and how accurate they were",
    imports: [...base, "server/gateway"],
  },
  {
    folder: "server/telemetry",
    is: "traces, metrics and logs over OTLP; loaded only when they are on",
    imports: ["schemas", "server/executions", "server/platform", "server/store", "server/workspace"],
  },
  {
    folder: "server/alerts",
    is: "alerts: what causes them, how they are stored, the webhook",
    imports: [
      ...base,
      "server/gateway",
      "server/instances",
      "server/metrics",
      "server/platform",
      "server/tools",
    ],
  },
  {
    folder: "server/access",
    is: "access to the team server, and its audit log",
    imports: ["schemas", "server/platform", "server/store"],
  },
  {
    folder: "server/executions",
    is: "one execution on one instance",
    imports: [
      "server/hooks",
      "server/metrics",
      ...base,
      "server/gateway",
      "server/instances",
      "server/tools",
      "server/workspace",
      "server/platform",
      "server/protocol",
    ],
  },
  {
    folder: "server/feedback",
    is: "lessons from how the user accepted, edited or discarded the work; export of executions without secrets",
    imports: [
      "schemas",
      "server/changes",
      "server/executions",
      "server/platform",
      "server/store",
      "server/workspace",
    ],
  },
  {
    folder: "server/teams",
    is: "the pure plan of a run: which stage is next",
    imports: ["schemas", "server/models", "server/teams/definition"],
  },
  {
    folder: "server/teams/definition",
    is: "team files, built-in teams, validation, prompts",
    imports: [...base, "server/platform", "server/workspace"],
  },
  {
    folder: "server/sharing",
    is: "agents and teams as one file: export, import, preview",
    imports: ["schemas", "server/models", "server/teams/definition", "server/workspace"],
  },
  {
    folder: "server/teams/gates",
    is: "the gates that check the work of a stage",
    imports: ["schemas", "server/executions", "server/workspace"],
  },
  {
    folder: "server/teams/stage",
    is: "one round of one stage",
    imports: [
      "server/hooks",
      ...base,
      "server/changes",
      "server/context",
      "server/executions",
      "server/feedback",
      "server/gateway",
      "server/instances",
      "server/metrics",
      "server/platform",
      "server/teams",
      "server/teams/definition",
      "server/teams/gates",
      "server/workspace",
      "server/tools",
    ],
  },
  {
    folder: "server/teams/run",
    is: "the driver of a run, from its task to its final status",
    imports: [
      ...base,
      "server/context",
      "server/executions",
      "server/forecast",
      "server/gateway",
      "server/metrics",
      "server/platform",
      "server/teams",
      "server/teams/definition",
      "server/teams/stage",
      "server/workspace",
    ],
  },
  {
    folder: "server/transfer",
    is: "the files of a workspace on their way to a server that does not see it: listing, sending, the copy there",
    imports: ["schemas", "server/workspace"],
  },
  {
    folder: "server/handlers",
    is: "the handlers of the contract, one file per group of related methods",
    imports: [
      "server/access",
      "server/alerts",
      "server/metrics",
      ...base,
      "server/changes",
      "server/executions",
      "server/feedback",
      "server/gateway",
      "server/instances",
      "server/sharing",
      "server/teams/definition",
      "server/teams/run",
      "server/platform",
      "server/transfer",
    ],
  },
  {
    folder: "server/rehearsal",
    is: "the scripted model and its samples",
    imports: ["schemas", "server/platform"],
  },
  {
    folder: "server/runtime",
    is: "the composition root, and dispatch: authorise → parse → handle → map errors",
    imports: [
      "server/hooks",
      "schemas",
      "server/access",
      "server/alerts",
      "server/changes",
      "server/executions",
      "server/feedback",
      "server/gateway",
      "server/handlers",
      "server/instances",
      "server/instances/pool",
      "server/platform",
      "server/rehearsal",
      "server/store",
      "server/teams/definition",
      "server/teams/run",
      "server/workspace",
      "server/telemetry",
      "server/tools",
      "server/transfer",
    ],
  },
  {
    folder: "server/hosting",
    is: "one runtime per state folder: open it, serve it, or attach to the one another process has open",
    imports: [
      "schemas",
      "server/changes",
      "server/handlers",
      "server/platform",
      "server/runtime",
      "server/store",
      "server/transfer",
      "server/workspace",
      "server/gateway",
    ],
  },
  {
    folder: "server/proof",
    is: "`coditect prove`: reads a change from git, runs its gates, signs the receipt",
    imports: [
      ...base,
      "server/context",
      "server/executions",
      "server/instances",
      "server/instances/pool",
      "server/platform",
      "server/teams/gates",
      "server/workspace",
    ],
  },
  {
    folder: "server/evaluation",
    is: "suites of tasks, each run in its own runtime; hidden tests, statistics",
    imports: [
      ...base,
      "server/gateway",
      "server/handlers",
      "server/platform",
      "server/proof",
      "server/runtime",
    ],
  },
  {
    folder: "server/surfaces/rest",
    is: "the contract over HTTP",
    imports: [
      "schemas",
      "server/access",
      "server/handlers",
      "server/hosting",
      "server/runtime",
      "server/surfaces/mcp",
    ],
  },
  {
    folder: "server/surfaces/team",
    is: "the contract and the MCP tools over HTTPS, for several tenants, with access tokens",
    imports: [
      "schemas",
      "server/access",
      "server/handlers",
      "server/hosting",
      "server/platform",
      "server/runtime",
      "server/store",
      "server/surfaces/mcp",
      "server/surfaces/rest",
    ],
  },
  {
    folder: "server/surfaces/mcp",
    is: "teams, runs and findings as MCP tools for other agents",
    imports: ["schemas", "server/hosting"],
  },
  {
    folder: "server/surfaces/acp",
    is: "team runs as sessions of editors that speak ACP",
    imports: ["schemas", "server/hosting"],
  },
  {
    folder: "server/surfaces/lsp",
    is: "the language server",
    imports: [
      "schemas",
      "server/executions",
      "server/gateway",
      "server/handlers",
      "server/hosting",
      "server/platform",
      "server/runtime",
      "server/surfaces/rest",
      "server/teams/definition",
      "server/workspace",
      "server/feedback",
      "server/tools",
    ],
  },
  {
    folder: "server/surfaces/cli",
    is: "the command line's entry point and its list of commands",
    imports: [
      "schemas",
      "server/platform",
      "server/surfaces/cli/display",
      "server/surfaces/cli/program",
      "server/surfaces/cli/session",
    ],
  },
  {
    folder: "server/surfaces/cli/program",
    is: "the commands with their options, and the text of --help",
    imports: [
      "schemas",
      "server/surfaces/cli/commands",
      "server/surfaces/cli/display",
      "server/surfaces/cli/session",
    ],
  },
  {
    folder: "server/surfaces/cli/commands",
    is: "what the commands do: one file per group of commands",
    imports: [
      "server/runtime",
      "server/tools",
      "server/worker",
      ...base,
      "server/access",
      "server/evaluation",
      "server/gateway",
      "server/hosting",
      "server/instances/drivers/cloud-run",
      "server/instances/drivers/docker",
      "server/instances/drivers/kubernetes",
      "server/instances/drivers/local",
      "server/platform",
      "server/proof",
      "server/sharing",
      "server/workspace",
      "server/surfaces/cli/display",
      "server/surfaces/cli/session",
      "server/surfaces/acp",
      "server/surfaces/lsp",
      "server/surfaces/mcp",
      "server/surfaces/rest",
      "server/surfaces/team",
    ],
  },
  {
    folder: "server/surfaces/cli/session",
    is: "what commands share: flags, keys, the connection to a runtime, following a run",
    imports: [
      "schemas",
      "server/gateway",
      "server/hosting",
      "server/platform",
      "server/rehearsal",
      "server/surfaces/cli/display",
      "server/surfaces/rest",
      "server/workspace",
    ],
  },
  {
    folder: "server/surfaces/cli/display",
    is: "what a terminal shows",
    imports: ["schemas", "server/evaluation", "server/platform", "server/workspace"],
  },
];

/** The row a file belongs to: the one with the longest folder. */
export const rowOf = (file: string): Row | undefined =>
  importTable
    .filter(({ folder }) => file.startsWith(`${folder}/`))
    .sort((one, other) => other.folder.length - one.folder.length)[0];

const hasRowsBelow = (folder: string): boolean =>
  importTable.some((row) => row.folder.startsWith(`${folder}/`));
const filesOf = (folder: string): string => `./${folder}/${hasRowsBelow(folder) ? "*" : "**/*"}`;

/** The rule takes exceptions as they are written, so they are absolute. */
const root = fileURLToPath(new URL("..", import.meta.url));

/** Zones of `import-x/no-restricted-paths`: one per row. */
export const importZones = () =>
  importTable.map(({ folder, imports }) => ({
    target: filesOf(folder),
    from: "./{schemas,client,server,scripts,test}/**/*",
    except: [folder, ...imports].map((name) => join(root, filesOf(name))),
    message: `${folder}/ may not import this: see scripts/import-table.ts.`,
  }));

const BEGIN = "<!-- import table -->\n";
const END = "<!-- /import table -->";

/** The table as ARCHITECTURE.md shows it. */
export const importTableText = (): string => {
  const rows = importTable.map(({ folder, is, imports }) => {
    const named = imports.map((name) => name.replace("server/", ""));
    return `| \`${folder}/\` | ${is} | ${named.length === 0 ? "–" : named.join(", ")} |`;
  });
  return ["| folder | is | may import |", "| --- | --- | --- |", ...rows].join("\n");
};

/** A document with the table put in its place. */
export const withImportTable = (text: string): string => {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error("ARCHITECTURE.md has no place for the import table");
  return `${text.slice(0, begin)}${BEGIN}\n${importTableText()}\n\n${text.slice(end)}`;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = join(root, "ARCHITECTURE.md");
  const { format, resolveConfig } = await import("prettier");
  const options = { ...(await resolveConfig(file)), filepath: file };
  writeFileSync(file, await format(withImportTable(readFileSync(file, "utf8")), options));
}
