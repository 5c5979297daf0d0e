import { fail } from "../../schemas/errors.ts";
import { WORKER_PROTOCOL_VERSION, type WorkerParams } from "../../schemas/worker.ts";
import type { WorkerHandlers } from "../protocol/runtime-end.ts";
import { collectChanges } from "./copy/changes.ts";
import { privateCopy } from "./copy/copy.ts";
import { useEnvironment } from "./copy/environment.ts";
import { prepare } from "./copy/prepare.ts";
import { companionsOf } from "./copy/reset-temporary.ts";
import { stalePackages } from "./copy/stale.ts";
import { runLoop } from "./loop.ts";
import type { RuntimeLink } from "../protocol/runtime-link.ts";
import type { RunTests, Workplace } from "./tools/tool.ts";
import { withinTrace } from "./trace.ts";
import { agentVersion } from "./version.ts";
import { exists } from "../workspace/file-access.ts";

/** The request with the report that the instance received. */
const withReport = (
  request: WorkerParams<"tests/run">,
  report: string | undefined,
): WorkerParams<"tests/run"> => (report === undefined ? request : { report, ...request });

/** The answers of a worker, one handler per method of `schemas/worker.ts`. */
export const workerHandlers = (runtime: RuntimeLink, runTests: RunTests): WorkerHandlers => {
  let workplace: Workplace | null = null;
  const initialized = (what: string): Workplace => {
    if (workplace === null)
      throw fail("instance_refused", { reason: `it was to ${what} before it was initialized` });
    return workplace;
  };

  return {
    "worker/initialize": (settings) => {
      const { protocol_version: asked } = settings;
      if (asked !== WORKER_PROTOCOL_VERSION) {
        const reason = `it speaks protocol ${WORKER_PROTOCOL_VERSION}, the runtime ${asked}`;
        throw fail("instance_not_started", { reason });
      }
      if (!exists(settings.source)) {
        throw fail("instance_not_started", { reason: "the workspace does not exist" });
      }
      const copy = privateCopy(settings.source, settings.copy, settings.git, settings.copy_key);
      copy.python = settings.python;
      copy.companions = companionsOf();
      useEnvironment(copy);
      workplace = {
        copy,
        settings,
        runtime,
        runTests,
      };
      return { agent_version: agentVersion(), node_version: process.versions.node, pid: process.pid };
    },
    "worker/ping": () => {
      const { user, system } = process.cpuUsage();
      return {
        uptime_ms: process.uptime() * 1000,
        memory_mb: Math.round(process.memoryUsage.rss() / 1024 / 1024),
        cpu_seconds: (user + system) / 1e6,
      };
    },
    "workspace/prepare": (params, signal) => prepare(initialized("prepare its copy").copy, params, signal),
    "workspace/changes": ({ write_access }, signal) =>
      collectChanges(initialized("compare its copy").copy, write_access, signal),
    "execution/run": (params, signal) => runLoop(params, initialized("run an execution"), signal),
    "tests/run": (params, signal) => {
      const { copy, settings } = initialized("run tests");
      const request = withReport(params, settings.test_report);
      return withinTrace(params.trace, () =>
        runTests(copy.root, request, signal, stalePackages(copy, params.touched), copy.layout),
      );
    },
  };
};
