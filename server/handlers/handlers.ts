import type { HandlerContext, Handlers } from "./context.ts";
import { accessHandlers } from "./access.ts";
import { alertHandlers } from "./alerts.ts";
import { agentHandlers } from "./agents.ts";
import { changeHandlers } from "./changes.ts";
import { consentHandlers } from "./consents.ts";
import { executionHandlers } from "./executions.ts";
import { fileHandlers } from "./files.ts";
import { findingHandlers } from "./findings.ts";
import { instanceHandlers } from "./instances.ts";
import { lessonHandlers } from "./lessons.ts";
import { mcpHandlers } from "./mcp.ts";
import { metricHandlers } from "./metrics.ts";
import { packageHandlers } from "./packages.ts";
import { permissionHandlers } from "./permissions.ts";
import { questionHandlers } from "./questions.ts";
import { runHandlers } from "./runs.ts";
import { runtimeHandlers } from "./runtime.ts";
import { secretHandlers } from "./secrets.ts";
import { settingHandlers } from "./settings.ts";
import { teamHandlers } from "./teams.ts";

export type { Caller, HandlerContext, Handlers } from "./context.ts";

export const createHandlers = (context: HandlerContext): Handlers => ({
  ...agentHandlers(context),
  ...instanceHandlers(context),
  ...executionHandlers(context),
  ...teamHandlers(context),
  ...runHandlers(context),
  ...permissionHandlers(context),
  ...questionHandlers(context),
  ...mcpHandlers(context),
  ...changeHandlers(context),
  ...findingHandlers(context),
  ...lessonHandlers(context),
  ...consentHandlers(context),
  ...secretHandlers(context),
  ...settingHandlers(context),
  ...metricHandlers(context),
  ...alertHandlers(context),
  ...accessHandlers(context),
  ...packageHandlers(context),
  ...fileHandlers(context),
  ...runtimeHandlers(context),
});
