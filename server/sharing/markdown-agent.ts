import type { SharedPackage } from "../../schemas/shared-package.ts";
import type { ToolName } from "../../schemas/tools.ts";
import { readFrontMatter } from "../workspace/front-matter.ts";

/** An agent of another product, converted to one of ours. */
interface MarkdownAgent {
  content: SharedPackage;
  /** Fields and tools that have no meaning here. */
  leftOut: string[];
}

/** Agents of VS Code (`NAME.agent.md`) and of Claude Code (`agents/NAME.md`) are Markdown files. */
export const isMarkdownAgent = (source: string): boolean => /\.md$/i.test(source);

const understood: ReadonlySet<string> = new Set(["name", "description", "tools"]);

/** Tools of these editors by what they do. VS Code may put a group in front: `search/codebase`. */
const meanings: readonly [names: RegExp, tools: readonly ToolName[]][] = [
  [/^(read|read_?file|view|problems)$/, ["read_file"]],
  [/^(search|grep|glob|ls|codebase|usages|list_?dir(ectory)?)$/, ["search", "list_files", "read_file"]],
  [/^((text|file)_?search)$/, ["search", "list_files", "read_file"]],
  [/^(edit|multiedit|write|new|(edit|create)_?files?)$/, ["read_file", "write_file", "edit_file"]],
  [/^(execute|bash|terminal|run_?commands?|run_?in_?terminal)$/, ["run_command"]],
  [/^(run_?tests?|test_?failure)$/, ["run_tests"]],
];
/** Groups of VS Code's own tools; any other is the name of an MCP server. */
const editorGroups: ReadonlySet<string> = new Set(["web", "agent", "vscode", "todo", "browser"]);

/** Our tools for one of theirs; null: there is none. */
const meaningOf = (given: string): readonly string[] | null => {
  const [group = "", member] = given.split("/", 2);
  const known = [member, group].flatMap((name) =>
    meanings.filter(([names]) => name !== undefined && names.test(name.toLowerCase())),
  )[0];
  if (known !== undefined) return known[1];
  const isOfServer = member !== undefined && /^[\w-]+$/.test(member) && /^[a-z][\w-]{0,31}$/i.test(group);
  return isOfServer && !editorGroups.has(group) ? [`${group}__${member}`] : null;
};

const nameIn = (source: string): string =>
  (source.split(/[\\/]/).at(-1) ?? source).replace(/(\.agent|\.chatmode)?\.md$/i, "");

/**
 * Reads an agent of another product: its name, description and text become the agent's name and prompt. Who
 * may edit becomes a Coder; who may not, a Reviewer. Its tools narrow what a stage allows, and never widen
 * it. Null: the file is no agent. Format: https://code.visualstudio.com/docs/copilot/customization/custom-agents
 */
export const readMarkdownAgent = (source: string, text: string): MarkdownAgent | null => {
  const front = readFrontMatter(text);
  if (front === null || front.body === "") return null;
  const listed = front.list("tools");
  const found = (listed ?? []).map((tool) => ({ tool, ours: meaningOf(tool) }));
  const tools = new Set(found.flatMap(({ ours }) => ours ?? []));
  const writes = listed === null || tools.has("edit_file");
  if (!writes) tools.add("report_findings");
  const description = front.field("description");
  const prompt = description === null ? front.body : `${description}\n\n${front.body}`;
  const agent = {
    name: front.field("name") ?? nameIn(source),
    agent_type: writes ? "Coder" : "Reviewer",
    settings: {
      custom_prompts: { "system.append": prompt },
      ...(listed !== null && { tools: [...tools] }),
    },
  };
  return {
    content: { format: "coditect-package/1", agents: [agent], teams: [] },
    leftOut: [
      ...front.names.filter((name) => !understood.has(name)),
      ...found.filter(({ ours }) => ours === null).map(({ tool }) => `tool ${tool}`),
    ],
  };
};
