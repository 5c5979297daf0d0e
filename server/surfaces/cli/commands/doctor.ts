import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { promisify } from "node:util";
import { programPath } from "../../../workspace/find-program.ts";
import { version } from "../../../platform/installation.ts";
import { keyVariables } from "../../../gateway/key-variables.ts";
import { canMakeControlGroups } from "../../../instances/drivers/local/cgroup.ts";
import { probeSandbox, sandboxName } from "../../../instances/drivers/local/confinement.ts";
import { checkAudit } from "../../../access/audit-chain.ts";
import { plural } from "../display/format.ts";
import { checkState, repairState, type Problem } from "../../../store/doctor.ts";
import { fail } from "../../../../schemas/errors.ts";
import { readEndpoint } from "../../../hosting/endpoints.ts";
import { adoptStateFolder, foreignReason } from "../../../hosting/state-stamp.ts";
import { readLock, type LockContent } from "../../../store/lock.ts";
import { openSettings } from "../../../runtime/settings-source.ts";
import { stateFolderOf } from "../session/connect.ts";
import { exitCodes } from "../session/exit.ts";
import { checkTests } from "./doctor-tests.ts";
import { type RecordFlags, withConnection } from "./records.ts";
import { alignColumns } from "../display/summary.ts";
import { findWorkspace } from "../session/target.ts";
import { asCoditectError, type CommandContext } from "../display/terminal.ts";

interface Check {
  name: string;
  /** `failed` keeps teams from running. `missing` limits what they can do. */
  result: "ok" | "missing" | "failed";
  detail: string;
}

export interface DoctorFlags extends RecordFlags {
  /** Repairs the state folder as far as possible. */
  repair?: boolean;
  /** Takes over a state folder that another user or machine created. */
  adopt?: boolean;
}

const execute = promisify(execFile);
const TOOL_DEADLINE_MS = 5000;
const NEEDED_NODE = [22, 13] as const;

/** `coditect doctor`: checks for everything a team needs. Exit code 3 if something is missing. */
export const doctor = async (flags: DoctorFlags, context: CommandContext): Promise<number> => {
  const { terminal, currentFolder, environment } = context;
  const workspace = await findWorkspace(flags, currentFolder);
  const [git, docker, sandbox, state] = await Promise.all([
    checkTool("git", ["--version"], "change sets can be applied without it"),
    checkTool("docker", ["version", "--format", "{{.Server.Version}}"], "needed only for --runtime docker"),
    checkSandbox(),
    checkStateFolder(workspace, flags, context),
  ]);
  const own: Check = { name: "coditect", result: "ok", detail: version() };
  const limits = await checkLimits();
  const audit = await checkAuditLog(workspace);
  const cloud = await checkCloud(workspace);
  const tools = [own, checkNode(), git, docker, sandbox, limits, ...cloud, checkKeys(environment)];
  const checks: Check[] = [...tools, ...checkTests(workspace, environment, homedir()), state, audit];
  if (flags.json === true) terminal.out(checks.map((check) => `${JSON.stringify(check)}\n`).join(""));
  else {
    const marks = { ok: "✔", missing: "–", failed: "✖" } as const;
    const rows = checks.map(({ name, result, detail }) => [marks[result], name, detail]);
    terminal.out(`${alignColumns(rows).join("\n")}\n`);
  }
  return checks.some((check) => check.result === "failed") ? exitCodes.broken : exitCodes.held;
};

const checkNode = (): Check => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [neededMajor, neededMinor] = NEEDED_NODE;
  const enough = major > neededMajor || (major === neededMajor && minor >= neededMinor);
  const detail = enough
    ? process.versions.node
    : `${process.versions.node}; ${NEEDED_NODE.join(".")} is needed`;
  return { name: "Node.js", result: enough ? "ok" : "failed", detail };
};

const checkTool = async (name: string, args: readonly string[], without: string): Promise<Check> => {
  try {
    const { stdout } = await execute(programPath(name), args, { timeout: TOOL_DEADLINE_MS });
    return { name, result: "ok", detail: stdout.trim() };
  } catch {
    return { name, result: "missing", detail: `cannot be used; ${without}` };
  }
};

/** The sandbox of the commands of local instances. */
const checkSandbox = async (): Promise<Check> => {
  const sandbox = await probeSandbox();
  return "unavailable" in sandbox
    ? {
        name: "sandbox",
        result: "missing",
        detail: `${sandbox.unavailable}: commands of local instances run unconfined, those in containers do not`,
      }
    : { name: "sandbox", result: "ok", detail: `${sandboxName(sandbox) ?? ""} confines local instances` };
};

/** The mechanism that enforces the limits of local instances. */
const checkLimits = async (): Promise<Check> => {
  const detail = "the runtime watches memory and processes of local instances, and runs them at low priority";
  return (await canMakeControlGroups())
    ? { name: "limits", result: "ok", detail: "control groups cap memory, processors and processes" }
    : { name: "limits", result: "missing", detail: `no control group can be created here; ${detail}` };
};

/** Cloud Run, if instances run there by the settings of the user and the workspace. */
const checkCloud = async (workspace: string): Promise<Check[]> => {
  const name = "Cloud Run";
  try {
    const { runtime, cloud_run } = openSettings({
      ...{ workspace, chosen: {}, chosenBy: "flag", guessed: {} },
    }).current();
    if (![runtime].flat().includes("CloudRun")) return [];
    const { checkCloudRun } = await import("../../../instances/drivers/cloud-run/check.ts");
    return [
      { name, result: "ok", detail: await checkCloudRun(cloud_run, AbortSignal.timeout(TOOL_DEADLINE_MS)) },
    ];
  } catch (error) {
    const { message, nextStep } = asCoditectError(error);
    return [{ name, result: "failed", detail: `${message} ${nextStep ?? ""}`.trimEnd() }];
  }
};

const checkKeys = (environment: NodeJS.ProcessEnv): Check => {
  const { Claude, Gemini, HuggingFace } = keyVariables;
  const variables = [...Claude, ...Gemini, ...HuggingFace];
  const set = variables.filter((name) => (environment[name] ?? "") !== "");
  return set.length > 0
    ? { name: "keys", result: "ok", detail: set.join(", ") }
    : {
        name: "keys",
        result: "missing",
        detail: `none of ${variables.join(", ")} is set; Ollama needs none`,
      };
};

/** Checks every invariant of the state folder. If a runtime has the folder open, that runtime checks it. */
const checkStateFolder = async (
  workspace: string,
  flags: DoctorFlags,
  context: CommandContext,
): Promise<Check> => {
  try {
    const folder = stateFolderOf(workspace);
    const foreign = foreignReason(folder, workspace);
    if (foreign !== null && flags.adopt !== true)
      throw fail("state_foreign", { path: folder, reason: foreign });
    if (foreign !== null) adoptStateFolder(folder, workspace);
    const owner = await readLock(folder);
    if (owner !== null) return await askOwner(owner, workspace, flags, context);
    const found = await checkState(folder);
    if (found.problems.length === 0)
      return { name: "state", result: "ok", detail: `${folder}, ${found.records} records` };
    if (flags.repair !== true) {
      const next = "; coditect doctor --repair repairs what it can and keeps the original files";
      return { name: "state", result: "failed", detail: `${describe(found.problems)}${next}` };
    }
    const { after, losses, kept } = await repairState(folder);
    const where = kept === null ? "" : `; the original files are in ${kept}`;
    const rest = [...losses, ...(after.problems.length > 0 ? [describe(after.problems)] : [])];
    return {
      name: "state",
      result: after.problems.length > 0 ? "failed" : "ok",
      detail: [`repaired, ${after.records} records${where}`, ...rest].join("; "),
    };
  } catch (error) {
    const { message, nextStep } = asCoditectError(error);
    return { name: "state", result: "failed", detail: `${message} ${nextStep ?? ""}`.trimEnd() };
  }
};

/** Whether the audit log is complete. An entry that is being written has no end yet and is skipped. */
const checkAuditLog = async (workspace: string): Promise<Check> => {
  try {
    const { count, problem } = await checkAudit(stateFolderOf(workspace));
    return problem === null
      ? { name: "audit", result: "ok", detail: plural(count, "entry", "entries") }
      : { name: "audit", result: "failed", detail: `the audit log is not complete: ${problem}` };
  } catch (error) {
    const { message } = asCoditectError(error);
    return { name: "audit", result: "failed", detail: message };
  }
};

const SHOWN_PROBLEMS = 5;

const describe = (problems: readonly Problem[]): string => {
  const shown = problems.slice(0, SHOWN_PROBLEMS).map(({ kind, where }) => `${kind} (${where})`);
  const more = problems.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
};

const askOwner = async (
  owner: LockContent,
  workspace: string,
  flags: DoctorFlags,
  context: CommandContext,
): Promise<Check> => {
  let detail = `in use by process ${owner.pid}`;
  if (readEndpoint(stateFolderOf(workspace), owner.pid) !== null)
    await withConnection(flags, context, async (connection) => {
      const status = await connection.call("runtime/status", {});
      const readOnly = status.read_only ? ", which cannot be written" : "";
      detail = `${status.state_folder}${readOnly}, served by process ${status.pid}`;
      return exitCodes.held;
    });
  return { name: "state", result: "ok", detail };
};
