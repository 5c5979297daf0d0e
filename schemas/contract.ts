import type { z } from "zod";
import { accessMethods } from "./contract/access.ts";
import { alertMethods } from "./contract/alerts.ts";
import { agentMethods } from "./contract/agents.ts";
import { changeMethods } from "./contract/changes.ts";
import { fileMethods } from "./contract/files.ts";
import { packageMethods } from "./contract/packages.ts";
import { mcpMethods } from "./contract/mcp.ts";
import { permissionMethods } from "./contract/permissions.ts";
import { questionMethods } from "./contract/questions.ts";
import { runMethods } from "./contract/runs.ts";
import { runtimeMethods } from "./contract/runtime.ts";
import { secretMethods } from "./contract/secrets.ts";
import { settingMethods } from "./contract/settings.ts";

export { SentRequest } from "./contract/agents.ts";
export { AppliedFile, ChangeContent } from "./contract/changes.ts";
export { Role } from "./contract/row.ts";
export { RunDetails, StartRun } from "./contract/runs.ts";
export { AskedModel, ModelInfo } from "./contract/runtime.ts";

/**
 * The one table of the runtime's methods. JSON-RPC registration (`coditect/<name>`), REST routes,
 * the OpenAPI document and the client's typed `call()` all come from it; what is not here does not
 * exist. Adding a method = one row in `contract/` and one handler in `server/handlers/`.
 */
export const contract = {
  ...agentMethods,
  ...runMethods,
  ...permissionMethods,
  ...questionMethods,
  ...mcpMethods,
  ...changeMethods,
  ...runtimeMethods,
  ...secretMethods,
  ...settingMethods,
  ...alertMethods,
  ...accessMethods,
  ...packageMethods,
  ...fileMethods,
} as const;

export type Method = keyof typeof contract;
/** Params as a caller writes them: what has a default may be left out. */
export type MethodInput<M extends Method> = z.input<(typeof contract)[M]["params"]>;
/** Params as a handler gets them: parsed, defaults filled in. */
export type MethodParams<M extends Method> = z.output<(typeof contract)[M]["params"]>;
export type MethodResult<M extends Method> = z.output<(typeof contract)[M]["result"]>;
