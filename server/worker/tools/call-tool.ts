import type { z } from "zod";
import { CoditectError } from "../../../schemas/errors.ts";
import type { ToolCallPart } from "../../../schemas/messages.ts";
import type { Json } from "../../../schemas/primitives.ts";
import { ToolName, toolTable, type ToolArguments } from "../../../schemas/tools.ts";
import { describeProblems } from "../../../schemas/problems.ts";
import { assignWork } from "./assign-work.ts";
import { editFile } from "./edit-file.ts";
import { listFiles } from "./list-files.ts";
import { readArguments } from "./read-arguments.ts";
import { readFile } from "./read-file.ts";
import { reportFindings } from "./report-findings.ts";
import { done, refused, type Tool, type ToolContext, type ToolResult } from "./tool.ts";
import { writeFile } from "./write-file.ts";

/** What each tool does. Those that load more code are loaded when they are first called. */
const tools: { [Name in ToolName]: Tool<Name> } = {
  read_file: readFile,
  list_files: listFiles,
  search: async (args, context) => (await import("./search.ts")).search(args, context),
  write_file: writeFile,
  edit_file: editFile,
  run_tests: async (args, context) => (await import("./run-tests.ts")).runProjectTests(args, context),
  run_command: async (args, context) => (await import("./run-command.ts")).runCommand(args, context),
  report_findings: reportFindings,
  assign_work: assignWork,
  finish: () => done("Finished."),
};

/**
 * Runs a call of the model. Every mistake of the model becomes a result that explains it; only
 * `cancelled` and errors outside of the catalogue are thrown.
 */
export const callTool = async (call: ToolCallPart, context: ToolContext): Promise<ToolResult> => {
  const { tools: offered, external_tools: external } = context.execution;
  const name = ToolName.safeParse(call.tool).data;
  const isExternal = external.includes(call.tool);
  if (!isExternal && (name === undefined || !offered.includes(name)))
    return refused(`There is no tool ${call.tool}. There are: ${[...offered, ...external].join(", ")}.`);
  if (call.invalid !== null)
    return refused(
      `The arguments of ${call.tool} could not be read: ${call.invalid.replace(/\.?$/, ".")} Nothing was run. ${howToGoOn(call)}`,
    );
  if (isExternal || name === undefined) return callExternal(call, context);
  try {
    return await run(name, call.arguments, context);
  } catch (error) {
    if (context.signal.aborted) throw error;
    if (error instanceof CoditectError)
      return refused([error.message, error.nextStep ?? ""].join(" ").trim());
    if (isFromFileSystem(error)) return refused(`The file system refused it: ${error.code}.`);
    throw error;
  }
};

/** A call that was too long for one answer will be too long again. */
const howToGoOn = ({ tool, invalid }: ToolCallPart): string =>
  invalid?.includes("limit") === true && tool === "write_file"
    ? "Write the file in parts of at most half that length: the first with write_file, each further one with write_file and append: true."
    : "Call it again, with less in one call if it was cut.";

/** A tool that the runtime runs: it checks the arguments by the tool's own schema. */
const callExternal = async (
  call: ToolCallPart,
  { execution, runtime, signal }: ToolContext,
): Promise<ToolResult> => {
  const params = { execution_id: execution.execution_id, tool: call.tool, input: call.arguments };
  return { ...(await runtime.callTool(params, signal)), changes: [] };
};

/** Such as a file where a folder is needed, a name too long, or a full disk. */
const isFromFileSystem = (error: unknown): error is Error & { code: string } =>
  error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";

const run = (name: ToolName, args: Json, context: ToolContext): Promise<ToolResult> | ToolResult => {
  const { schema, tool } = toolOf(name);
  const parsed = readArguments(schema, args);
  if (!parsed.success) {
    return refused(
      `The arguments of ${name} are not valid: ${describeProblems(parsed.error)}. Nothing was run.`,
    );
  }
  return tool(parsed.data, context);
};

interface PairedTool<Name extends ToolName> {
  schema: z.ZodType<ToolArguments<Name>>;
  tool: Tool<Name>;
}

/** A tool with the schema of its own arguments: both tables have one row per name. */
const toolOf = (name: ToolName): PairedTool<ToolName> =>
  // The compiler does not see that the two rows of one name belong together.
  ({ schema: toolTable[name].arguments, tool: tools[name] });
