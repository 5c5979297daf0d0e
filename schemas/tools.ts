import { z } from "zod";
import { ReportedFinding } from "./findings.ts";
import { Count, type Json, Ratio } from "./primitives.ts";

/** Which part of a file is suspected, and why; lines count from 1. */
const Suspect = z.strictObject({
  path: z.string(),
  start_line: Count.min(1),
  end_line: Count.min(1),
  reason: z.string(),
});

/** What an Orchestrator decides for the agents that work after it. */
export const Assignment = z.strictObject({
  /** Files that the others are given to work on. */
  files: z.array(z.string()).max(20),
  suspects: z.array(Suspect).max(20).default([]),
  /** Whether documents speak of what is changed; if not, stages with that condition are skipped. */
  documentation_needed: z.boolean(),
});
export type Assignment = z.infer<typeof Assignment>;

/**
 * The agents' tools: one row per tool, with its description for the model and the schema its arguments
 * are checked with. `writes`: needs write access. `runs`: starts a process.
 */
export const toolTable = {
  read_file: {
    description: "Read a text file; returns numbered lines.",
    arguments: z.strictObject({
      path: z.string(),
      start_line: Count.min(1).optional(),
      end_line: Count.min(1).optional(),
    }),
    writes: false,
    runs: false,
  },
  list_files: {
    description: "List files of the workspace, optionally by glob.",
    arguments: z.strictObject({ glob: z.string().optional() }),
    writes: false,
    runs: false,
  },
  search: {
    description: "Find text in files; returns path:line: text.",
    arguments: z.strictObject({
      pattern: z.string().min(1).max(10_000),
      glob: z.string().max(1000).optional(),
      regex: z.boolean().optional(),
    }),
    writes: false,
    runs: false,
  },
  write_file: {
    description:
      "Create a file or replace its whole content; with append, add to its end. Write a long file in parts: the first without append, the others with it.",
    arguments: z.strictObject({
      path: z.string(),
      content: z.string(),
      append: z.boolean().optional(),
    }),
    writes: true,
    runs: false,
  },
  edit_file: {
    description: "Replace old_text, which must stand exactly once in the file, by new_text.",
    arguments: z.strictObject({ path: z.string(), old_text: z.string(), new_text: z.string() }),
    writes: true,
    runs: false,
  },
  run_tests: {
    description: "Run the project's tests, or only those of some files or with some name.",
    arguments: z.strictObject({ files: z.array(z.string()).optional(), name: z.string().optional() }),
    writes: false,
    runs: true,
  },
  run_command: {
    description: "Run one program of the project, without a shell.",
    arguments: z.strictObject({ command: z.string().min(1), args: z.array(z.string()).default([]) }),
    writes: false,
    runs: true,
  },
  report_findings: {
    description: "Report problems at their place, with a certain fix and a failing test if you can.",
    arguments: z.strictObject({ findings: z.array(ReportedFinding).max(50) }),
    writes: false,
    runs: false,
  },
  assign_work: {
    description:
      "Say which files the others work on, which lines are suspects, and whether documents have to change. What you say is what they get.",
    arguments: Assignment,
    writes: false,
    runs: false,
  },
  finish: {
    description: "End your work and say what you did.",
    arguments: z.strictObject({
      summary: z.string(),
      reasoning: z.string().optional(),
      confidence: Ratio,
      completeness: Ratio,
    }),
    writes: false,
    runs: false,
  },
} as const;

export const ToolName = z.enum([
  "read_file",
  "list_files",
  "search",
  "write_file",
  "edit_file",
  "run_tests",
  "run_command",
  "report_findings",
  "assign_work",
  "finish",
] satisfies (keyof typeof toolTable)[]);
export type ToolName = z.infer<typeof ToolName>;

/** Checked arguments of a tool. */
export type ToolArguments<Name extends ToolName> = z.infer<(typeof toolTable)[Name]["arguments"]>;

/** What a call works on, for people: a path, a command, a pattern. */
export const callSubject = (args: Json): string => {
  if (typeof args !== "object" || args === null || Array.isArray(args)) return "";
  const words = [args.path ?? args.command ?? args.pattern ?? args.glob ?? args.files, args.args];
  return words
    .flat()
    .filter((word) => typeof word === "string")
    .join(" ")
    .slice(0, 200);
};
