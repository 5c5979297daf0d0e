import { buildImage } from "../../../instances/drivers/docker/image.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import type { CommandContext } from "../display/terminal.ts";

/** `coditect image build`: the image that `--runtime docker` runs instances in. */
export const buildWorkerImage = async (
  flags: { base?: string; name?: string },
  { terminal }: CommandContext,
): Promise<number> => {
  const interruption = catchInterruption();
  try {
    const image = await buildImage({
      base: flags.base ?? null,
      ...(flags.name !== undefined && { name: flags.name }),
      tell: (line) => {
        terminal.err(terminal.style("dim", `${line}\n`));
      },
      signal: interruption.signal,
    });
    terminal.out(`${image}\n`);
    return exitCodes.held;
  } finally {
    interruption.stop();
  }
};
