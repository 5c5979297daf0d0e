import addFormats from "ajv-formats";
import Ajv from "ajv-draft-04";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** The schema that the standard's editors publish with SARIF 2.1.0. */
const published = fileURLToPath(
  import.meta.resolve("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"),
);
// The schema has a regular expression with an extra bracket, which is invalid in Unicode mode.
const validator = addFormats.default(new Ajv.default({ allErrors: true, unicodeRegExp: false }));
const validate = validator.compile(
  z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(published, "utf8"))),
);

/** The problems of a log according to SARIF's own schema, one line each. Empty for a valid log. */
export const sarifProblems = (log: unknown): string[] =>
  validate(log)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ""}`);

/**
 * The part of SARIF 2.1.0 that our logs use. The schema refuses other fields, and requires what readers such as code
 * hosts need in addition to the standard.
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
  /** A URI reference, without blanks and characters outside ASCII. */
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

const Log = z.strictObject({
  $schema: z.url(),
  version: z.literal("2.1.0"),
  runs: z.tuple([Run]),
});

/** A log that is valid according to SARIF's own schema and ours. */
export const Sarif = z
  .unknown()
  .superRefine((log, context) => {
    for (const message of sarifProblems(log)) context.addIssue({ code: "custom", message });
  })
  .pipe(Log);
