import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentConfig } from "../../../schemas/agent.ts";
import type { Finding } from "../../../schemas/findings.ts";
import { newAgent } from "../../../server/models/agent.ts";
import { fileNames, nodeFiles, type Files } from "../../../server/store/files.ts";
import { fold as foldFiles } from "../../../server/store/fold.ts";
import { openStore, type StoreOptions } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";

export const tenantId = "7b1f6a52-2f0f-4d3e-9a44-0d5a52a3c001";
export const at = "2026-01-31T12:00:00.000Z";

export const makeFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "coditect-store-"));

const writing = new Set([
  "chmod",
  "copyFile",
  "link",
  "mkdir",
  "rename",
  "rm",
  "utimes",
  "write",
  "writev",
  "writeFile",
  "sync",
  "datasync",
  "truncate",
]);

export interface FaultyFiles {
  files: Files;
  /** File operations that write, so far. */
  count: () => number;
  limit: () => number;
  /** From the operation with this number on (from 1), that many (all) fail with this code. */
  failFrom: (number: number, code: string, times?: number) => void;
}

/** The real file system up to a moment, and from then on a broken one. */
export const faultyFiles = (): FaultyFiles => {
  let count = 0;
  let limit = Infinity;
  let end = Infinity;
  let code = "";
  const failing = <Layer extends object>(layer: Layer): Layer =>
    new Proxy(layer, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return async (...parameters: unknown[]) => {
          const opensForWriting = name === "open" && parameters[1] !== "r";
          if (writing.has(String(name)) || opensForWriting) {
            count += 1;
            if (count >= limit && count < end) {
              // A disk that fills up or a process that dies in the middle leaves a part behind.
              const [bytes, ...rest] = parameters;
              if (
                count === limit &&
                name === "writev" &&
                Array.isArray(bytes) &&
                bytes[0] instanceof Uint8Array
              )
                await Reflect.apply(value, target, [[bytes[0].subarray(0, bytes[0].length / 2)], ...rest]);
              throw Object.assign(new Error(`injected ${code}`), { code });
            }
          }
          const result: unknown = await Reflect.apply(value, target, parameters);
          return name === "open" ? failing(result as object) : result;
        };
      },
    });
  return {
    files: failing(nodeFiles),
    count: () => count,
    limit: () => limit,
    failFrom: (number, errno, times = Infinity) => {
      limit = number;
      end = number + times;
      code = errno;
    },
  };
};

/** Opens a store whose process can be "killed": nothing of it reaches the disk any more. */
export const openMortal = async (
  folder: string,
  options: Partial<StoreOptions> = {},
  faults = faultyFiles(),
): Promise<{ store: Store; kill: () => Promise<void> }> => {
  const { files } = faults;
  const fold: StoreOptions["fold"] = (request) => foldFiles(files, request);
  const store = await openStore({ folder, tenantId, durability: "os", files, fold, ...options });
  const kill = async () => {
    faults.failFrom(Math.min(faults.count() + 1, faults.limit()), "EIO");
    await store.close().catch(() => undefined);
    // It names this process, which is alive.
    await rm(join(folder, fileNames.lock), { force: true });
    for (const name of await readdir(folder))
      if (name.startsWith(`${fileNames.lock}.`)) await utimes(join(folder, name), 0, 0);
  };
  return { store, kill };
};

export const agent = (changes: Partial<AgentConfig> = {}): AgentConfig => ({
  ...newAgent(
    {
      tenant_id: tenantId,
      name: "agent",
      agent_type: "Coder",
      provider: { Claude: { model: "m", max_tokens: 1 } },
    },
    at,
  ),
  ...changes,
});

export const finding = (changes: Partial<Finding> = {}): Finding => ({
  finding_id: randomUUID(),
  tenant_id: tenantId,
  task_id: randomUUID(),
  execution_id: randomUUID(),
  fingerprint: "f",
  status: "Open",
  dismissed_reason: null,
  created_at: at,
  updated_at: at,
  path: "src/a.ts",
  start_line: 1,
  start_column: null,
  end_line: 2,
  end_column: null,
  severity: "High",
  category: "bug",
  title: "t",
  explanation: "e",
  fix: null,
  confidence: 1,
  ...changes,
});
