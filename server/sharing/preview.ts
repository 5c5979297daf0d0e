import type { AgentFile, TeamFile } from "../../schemas/team.ts";
import type { UserTool } from "../../schemas/tool-definition.ts";
import { plainLine } from "../../schemas/plain-text.ts";
import { describeConfiguration } from "../teams/definition/describe.ts";
import type { ReadPackage } from "./read-package.ts";

const indented = (text: string): string[] => text.split("\n").map((line) => `      ${line}`);

const toolLines = ({ name, handler }: UserTool): string[] => {
  if ("Internal" in handler) return [`  tool ${name}: ${handler.Internal.function} of the runtime`];
  if ("External" in handler)
    return [`  tool ${name}: ${handler.External.endpoint} of the MCP server ${handler.External.service}`];
  const { method, url, headers, body } = handler.Http;
  return [
    `  tool ${name}: ${method} ${url}`,
    ...Object.entries(headers).map(([header, value]) => `    sends ${header}: ${value}`),
    ...(body === undefined ? [] : [`    sends ${JSON.stringify(body)}`]),
  ];
};

const agentLines = ({ name, agent_type, base_type, capabilities, settings }: AgentFile): string[] => {
  const type = base_type === undefined ? agent_type : `${agent_type}, based on ${base_type}`;
  const own = settings?.tool_definitions ?? [];
  return [
    `Agent ${name} (${type})`,
    ...(capabilities === undefined ? [] : [`  can: ${capabilities.join(", ")}`]),
    ...(settings?.tools == null ? [] : [`  tools: ${settings.tools.join(", ")}`]),
    ...own.flatMap(toolLines),
    ...Object.entries(settings?.custom_prompts ?? {}).flatMap(([place, prompt]) => [
      `  prompt ${place}:`,
      ...indented(prompt),
    ]),
  ];
};

const teamLines = ({ name, members, workflow_stages }: TeamFile): string[] => [
  `Team ${name}: ${members.map(({ role, agent_type }) => `${role} (${agent_type})`).join(", ")}`,
  ...workflow_stages.flatMap((stage) => [
    `  stage ${stage.name}: writes ${stage.write_access}; gates ${stage.gates.join(", ") || "none"}${
      stage.tools === null ? "" : `; tools ${stage.tools.join(", ")}`
    }`,
    ...indented(stage.prompt),
  ]),
];

/** What a package may do, for a person to judge: its hosts, commands and tools, and each prompt whole. */
export const previewOf = ({ content, leftOut, files, sha256 }: ReadPackage): string =>
  [
    ...content.agents.flatMap(agentLines),
    ...content.teams.flatMap(teamLines),
    ...(leftOut.length === 0
      ? []
      : [`Left out, because it has no meaning here: ${leftOut.map(plainLine).join(", ")}`]),
    `In all: ${describeConfiguration(files)}`,
    `SHA-256: ${sha256}`,
  ].join("\n");
