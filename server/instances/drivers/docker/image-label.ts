import { z } from "zod";
import { fail } from "../../../../schemas/errors.ts";
import { askEngine } from "./ask-engine.ts";
import type { Engine } from "./engine.ts";

/** Increase this number when images are built differently. The label of older images then differs. */
export const IMAGE_RECIPE = "5";

/** The label of an image that contains the worker's Node. Its value is the recipe. */
export const IMAGE_LABEL = "coditect.image";

const Inspected = z.object({
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }),
});
const Missing = z.object({ statusCode: z.literal(404) });

/**
 * The recipe of an image; `undefined` if `coditect image build` did not build it, and `null` if there is no
 * such image. Errors: `image_outdated`.
 */
export const recipeOf = async (
  { client }: Engine,
  image: string,
  signal: AbortSignal,
): Promise<string | null | undefined> => {
  const found = await askEngine(client, `/images/${image}/json`, signal)
    .then((inspected) => Inspected.parse(inspected))
    .catch((error: unknown) => {
      if (Missing.safeParse(error).success) return null;
      throw error;
    });
  if (found === null) return null;
  const recipe = found.Config.Labels?.[IMAGE_LABEL];
  // Earlier recipes let commands open the memory of the worker.
  if (recipe !== undefined && recipe !== IMAGE_RECIPE) throw fail("image_outdated", { image });
  return recipe;
};
