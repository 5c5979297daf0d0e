import { Role } from "../../../../schemas/contract/row.ts";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { RecordFlags } from "../commands/records.ts";
import type { ServeFlags } from "../commands/serve-team.ts";
import type { CommandContext } from "../display/terminal.ts";
import {
  type End,
  modelOptions,
  recordCommand,
  repeated,
  setOption,
  testCommandOption,
  testReportOption,
  unconfinedOption,
  workspaceOption,
} from "./options.ts";

export const addServe = (program: Command, context: CommandContext, end: End): void => {
  recordCommand(program, "serve", "start a REST server for this computer, or for a team over HTTPS")
    .addOption(new Option("--port <n>", "port on loopback (default: any free one)").argParser(portNumber))
    .option("--listen <host:port>", "listen on this address for a team; see coditect tokens create")
    .option("--tls-cert <file>", "certificate chain in PEM format; reloaded on SIGHUP")
    .option("--tls-key <file>", "private key of the certificate in PEM format")
    .addOption(
      new Option("--tenant <name=dir>", "a tenant and its workspace (repeatable)").argParser(repeated),
    )
    .option("--rate <n>", "requests per minute for each token (default: 600)")
    .option("--max-body <mb>", "largest request body in MB (default: 16)")
    .option("--keep-workspaces <days>", "days to keep a user's unused workspace (default: 90)")
    .option("--drain <seconds>", "seconds to wait for requests and runs at shutdown (default: 30)")
    .option("--oidc-issuer <url>", "also accept tokens of this OpenID Connect provider")
    .option("--oidc-audience <name>", "the audience that these tokens must have")
    .addOption(setOption())
    .action(async (flags: ServeFlags) => end((await import("../commands/serve.ts")).serve(flags, context)));
};

export const addAccess = (program: Command, context: CommandContext, end: End): void => {
  const load = () => import("../commands/tokens.ts");
  const tokens = program.command("tokens").summary("manage access tokens of a team server");
  recordCommand(tokens, "create", "create a token; it is printed once")
    .requiredOption("--user <name>", "the person or program that uses it")
    .addOption(
      new Option("--role <role>", "what the token allows").choices(Role.options).makeOptionMandatory(),
    )
    .option("--expires <when>", "when it expires: a duration (12h, 90d), a date, or never", "90d")
    .action(async (flags: RecordFlags) => end((await load()).createToken(flags, context)));
  recordCommand(tokens, "list", "list tokens, never their secrets").action(async (flags: RecordFlags) =>
    end((await load()).listTokens(flags, context)),
  );
  recordCommand(tokens, "revoke <token-id>", "revoke a token").action(
    async (id: string, flags: RecordFlags) => end((await load()).revokeToken(id, flags, context)),
  );
  const audit = recordCommand(
    program,
    "audit",
    "show who did what to which record, when, and from where",
  ).action(async (flags: RecordFlags) =>
    end((await import("../commands/audit.ts")).listAudit(flags, context)),
  );
  audit
    .command("verify <file>")
    .summary(
      "check a log exported with coditect audit --json, and with --workspace if it is still the beginning",
    )
    .action(
      // Commander gives --workspace to the outer command.
      async (file: string, _flags: RecordFlags, command: Command) =>
        end(
          (await import("../commands/audit.ts")).verifyAudit(
            file,
            command.optsWithGlobals<RecordFlags>(),
            context,
          ),
        ),
    );
};

/** Commands for other programs, which use standard input and output for a protocol. */
export const addProtocols = (program: Command, context: CommandContext, end: End): void => {
  const mcp = modelOptions(program.command("mcp").summary("serve teams, changes and findings as MCP tools"));
  mcp
    .addOption(workspaceOption())
    .addOption(testCommandOption())
    .addOption(testReportOption())
    .addOption(setOption())
    .addOption(unconfinedOption())
    .action(async (flags: unknown) => end((await import("../commands/mcp.ts")).serveMcp(flags, context)));
  const login = () => import("../commands/mcp-login.ts");
  // The outer command also has the workspace option, and commander gives it to the outer one.
  mcp
    .command("login <server>")
    .summary("log in to an MCP server of the workspace that asks for it")
    .action(async (server: string, _flags: unknown, command: Command) =>
      end((await login()).logInToServer(server, command.optsWithGlobals<RecordFlags>(), context)),
    );
  mcp
    .command("logout <server>")
    .summary("remove the tokens of a login")
    .action(async (server: string, _flags: unknown, command: Command) =>
      end((await login()).logOutOfServer(server, command.optsWithGlobals<RecordFlags>(), context)),
    );
  modelOptions(program.command("acp").summary("serve teams to an editor that speaks ACP"))
    .addOption(unconfinedOption())
    .option("--setup", "choose a model and enter its key, instead of serving an editor")
    .action(async ({ setup, ...flags }: { setup?: boolean }) => {
      if (setup === true) return end((await import("../commands/acp-setup.ts")).setUpAcp(flags, context));
      return end((await import("../commands/acp.ts")).serveAcp(flags, context));
    });
  program
    .command("lsp")
    .summary("start the language server for any LSP client")
    .requiredOption("--stdio", "talk over standard input and output")
    .action(async () => end((await import("../commands/lsp.ts")).serveLsp()));
};

const portNumber = (value: string): number => {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError("It must be a port from 0 to 65535.");
  return port;
};
