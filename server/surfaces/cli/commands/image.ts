import { buildImage } from "../../../instances/drivers/docker/image.ts";
import { pushImage } from "../../../instances/drivers/docker/push.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import type { CommandContext } from "../display/terminal.ts";
import { setSetting, type SettingFlags } from "./settings.ts";

/** Creates an image. Writes the progress to standard error and the name to standard output. */
const withProgress = async (
  { terminal }: CommandContext,
  make: (tell: (line: string) => void, signal: AbortSignal) => Promise<string>,
): Promise<string> => {
  const interruption = catchInterruption();
  try {
    const tell = (line: string): void => {
      terminal.err(terminal.style("dim", `${line}\n`));
    };
    const image = await make(tell, interruption.signal);
    terminal.out(`${image}\n`);
    return image;
  } finally {
    interruption.stop();
  }
};

/** `coditect image build`: builds the image for `--runtime docker`. */
export const buildWorkerImage = async (
  { base = null, name }: { base?: string | null; name?: string },
  context: CommandContext,
): Promise<number> => {
  await withProgress(context, (tell, signal) =>
    buildImage({ base, ...(name !== undefined && { name }), tell, signal }),
  );
  return exitCodes.held;
};

/**
 * `coditect image push NAME`: pushes the image to a registry. With `--use`, the cluster's setting names it.
 */
export const pushWorkerImage = async (
  name: string,
  { from = null, use = false, ...flags }: SettingFlags & { from?: string | null; use?: boolean },
  context: CommandContext,
): Promise<number> => {
  const pinned = await withProgress(context, (tell, signal) => pushImage({ name, from, tell, signal }));
  return use ? setSetting("kubernetes.image", pinned, flags, context) : exitCodes.held;
};
