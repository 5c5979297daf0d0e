import { z } from "zod";

/**
 * What of SARIF 2.1.0 (OASIS, errata 01) a log of ours may use, as strict as the standard's own
 * schema: an unknown property is an error, and required ones have to be there.
 */
const Text = z.strictObject({ text: z.string() });
const Line = z.int().min(1);

const Region = z.strictObject({
  startLine: Line,
  startColumn: Line.optional(),
  endLine: Line.optional(),
  endColumn: Line.optional(),
  sourceLanguage: z.string().optional(),
});

const ArtifactLocation = z.strictObject({
  /** A URI reference: no blank and no raw character beyond ASCII. */
  uri: z.string().regex(/^[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/),
  uriBaseId: z.string().optional(),
});

const Fix = z.strictObject({
  description: Text.optional(),
  artifactChanges: z
    .array(
      z.strictObject({
        artifactLocation: ArtifactLocation,
        replacements: z
          .array(z.strictObject({ deletedRegion: Region, insertedContent: Text.optional() }))
          .min(1),
      }),
    )
    .min(1),
});

const Result = z.strictObject({
  ruleId: z.string(),
  ruleIndex: z.int().min(-1),
  level: z.enum(["none", "note", "warning", "error"]),
  message: Text,
  locations: z.tuple([
    z.strictObject({
      physicalLocation: z.strictObject({ artifactLocation: ArtifactLocation, region: Region }),
    }),
  ]),
  partialFingerprints: z.record(z.string(), z.string()),
  rank: z.number().min(-1).max(100),
  fixes: z.array(Fix).optional(),
  properties: z.record(z.string(), z.unknown()),
});

const Run = z.strictObject({
  tool: z.strictObject({
    driver: z.strictObject({
      name: z.string(),
      semanticVersion: z.string(),
      rules: z.array(z.strictObject({ id: z.string(), shortDescription: Text })),
    }),
  }),
  columnKind: z.enum(["utf16CodeUnits", "unicodeCodePoints"]),
  originalUriBaseIds: z.record(z.string(), z.strictObject({ description: Text })),
  results: z.array(Result),
});

export const Sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal("2.1.0"),
  runs: z.tuple([Run]),
});
