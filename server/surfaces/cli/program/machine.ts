import { Argument, type Command } from "commander";
import type { DoctorFlags } from "../commands/doctor.ts";
import type { KeyFlags } from "../commands/keys.ts";
import type { RecordFlags } from "../commands/records.ts";
import type { SettingFlags } from "../commands/settings.ts";
import type { CommandContext } from "../display/terminal.ts";
import { type Asked, providerByChoice } from "../session/options.ts";
import { type End, providerArgument, recordCommand, workspaceOption } from "./options.ts";
import { addProtocols, addServe } from "./serving.ts";

const askedNames = Object.keys(providerByChoice);

export const addRuntime = (program: Command, context: CommandContext, end: End): void => {
  addServe(program, context, end);
  recordCommand(program, "doctor", "check that a team has what it needs and that the state is intact")
    .option("--repair", "repair the state folder and keep a copy of the damaged files")
    .option("--adopt", "adopt a state folder created by another user or on another machine")
    .action(async (flags: DoctorFlags) =>
      end((await import("../commands/doctor.ts")).doctor(flags, context)),
    );
  const models = recordCommand(program, "models", "list models, their context windows and prices")
    .option("--reachable", "ask the providers which models they have")
    .action(async (flags: RecordFlags & { reachable?: boolean }) =>
      end((await import("../commands/models.ts")).listModels(flags, context)),
    );
  recordCommand(models, "pull <name>", "pull a model into Ollama").action(
    // Both commands have these flags, and commander gives them to the outer one.
    async (name: string, _flags: RecordFlags, command: Command) =>
      end(
        (await import("../commands/models.ts")).pullModel(
          name,
          command.optsWithGlobals<RecordFlags>(),
          context,
        ),
      ),
  );
  recordCommand(models, "use", "choose what runs ask, and set the key if it is missing")
    .addArgument(
      new Argument("<provider>", "the model provider")
        .choices(askedNames)
        .argParser(providerArgument(askedNames)),
    )
    .argument("[model]", "the provider's model")
    .action(async (provider: Asked, model: string | undefined, _flags: RecordFlags, command: Command) =>
      end(
        (await import("../commands/models.ts")).useModel(
          provider,
          model,
          command.optsWithGlobals<RecordFlags>(),
          context,
        ),
      ),
    );
  const image = program.command("image").summary("build and push the container image of the instances");
  image
    .command("build")
    .summary("build it from this machine's files or on top of another image")
    .option("--base <image>", "the base image, with the tools that agents need")
    .option("--name <name>", "the name of the new image")
    .action(async (flags: { base?: string; name?: string }) =>
      end((await import("../commands/image.ts")).buildWorkerImage(flags, context)),
    );
  image
    .command("push <name>")
    .summary("push it to a registry, and print its name with the digest")
    .option("--from <image>", "the image to push (default: the one of that name, or the built-in one)")
    .option("--use", "run the instances of the Kubernetes runtime from it")
    .addOption(workspaceOption())
    .action(async (name: string, flags: { from?: string; use?: boolean; workspace?: string }) =>
      end((await import("../commands/image.ts")).pushWorkerImage(name, flags, context)),
    );
  addCredentials(program, context, end);
  addProtocols(program, context, end);
};

const addCredentials = (program: Command, context: CommandContext, end: End): void => {
  const keys = () => import("../commands/keys.ts");
  const credentials = program
    .command("credentials")
    .summary("store API keys of providers in an encrypted file");
  const command = (nameAndArgs: string, summary: string): Command =>
    credentials
      .command(nameAndArgs)
      .summary(summary)
      .option("--tenant <name>", "the keys of a tenant of your team server, in place of your own");
  command(
    "set <name>",
    "store a key, read from standard input; NAME is claude, gemini, huggingface, or an agent's own",
  ).action(async (name: string, flags: KeyFlags) => end((await keys()).setKey(name, flags, context)));
  command("rotate <name>", "add a new key; the old one stays valid until the next rotation").action(
    async (name: string, flags: KeyFlags) => end((await keys()).rotateKey(name, flags, context)),
  );
  command("list", "list names, never keys").action(async (flags: KeyFlags) =>
    end((await keys()).listKeys(flags, context)),
  );
  command("remove <name>", "remove all keys with this name").action(async (name: string, flags: KeyFlags) =>
    end((await keys()).removeKey(name, flags, context)),
  );
};

export const addSettings = (program: Command, context: CommandContext, end: End): void => {
  const settings = program.command("settings").summary("list and change settings");
  recordCommand(settings, "list", "list every setting, its value and where it comes from").action(
    async (flags: RecordFlags) => end((await import("../commands/settings.ts")).listSettings(flags, context)),
  );
  const project = [
    "--project",
    "in the workspace's .coditect/settings.json, which can only tighten limits",
  ] as const;
  recordCommand(settings, "set <key> <value>", "set it for you, in every workspace")
    .option(...project)
    .action(async (key: string, value: string, flags: SettingFlags) =>
      end((await import("../commands/settings.ts")).setSetting(key, value, flags, context)),
    );
  recordCommand(settings, "unset <key>", "remove it from the file")
    .option(...project)
    .action(async (key: string, flags: SettingFlags) =>
      end((await import("../commands/settings.ts")).unsetSetting(key, flags, context)),
    );
};
