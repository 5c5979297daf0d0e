import { z } from "zod";
import type { ChangeMark } from "../../schemas/changes.ts";
import { hasInvisible, hidesText } from "../../schemas/plain-text.ts";
import { locksElsewhere } from "./locked-places.ts";
import { executingLines, isExecuting, isSteering } from "./marked-files.ts";
import { plainestPath } from "./plainest-path.ts";

/** Files whose schema an editor finds by the name of the file. */
const schemaLines: readonly (readonly [path: RegExp, line: RegExp])[] = [
  [
    /\.(jsonc?|json5|code-snippets|webmanifest|geojson|har)$|(^|\/)\.[^/.]*rc$/,
    /"\$schema"\s*:\s*"([^"]*)"/g,
  ],
  [/\.ya?ml$/, /#\s*(?:yaml-language-server:\s*)?\$schema\s*[:=]\s*(\S+)/g],
  [
    /\.(xml|xsd|xsl|xslt|svg|rng|wsdl|xaml|plist|pom|rss)$/,
    /(?:(?:SYSTEM|PUBLIC\s+["'][^"']*["'])\s+|xml-model\s+href\s*=\s*|[sS]chemaLocation\s*=\s*)["']([^"']*)["']/g,
  ],
];

/** Many projects use schemas on these hosts. Only the owners of these hosts can read the requests to them. */
const schemaHosts: ReadonlySet<string> = new Set([
  ...["json.schemastore.org", "www.schemastore.org", "schemastore.org", "json-schema.org", "www.w3.org"],
  ...["maven.apache.org", "schemas.microsoft.com", "schemas.android.com", "www.apple.com"],
]);

/** The text as parsers read it. JSON and XML can also write characters in other ways. */
const unescaped = (text: string): string =>
  text
    .replaceAll("\\/", "/")
    .replace(/\\u([0-9a-f]{4})|&#x([0-9a-f]{1,6});|&#(\d{1,7});/gi, (whole, json, hexadecimal, decimal) => {
      const code = Number.parseInt(String(json ?? hexadecimal ?? decimal), decimal === undefined ? 16 : 10);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    });

const isElsewhere = (address: string): boolean =>
  /^(?:[a-z][a-z0-9+.-]*:)?[\\/]{2}/i.test(address) &&
  !schemaHosts.has(URL.parse(address, "https://elsewhere")?.hostname ?? "");

/**
 * Addresses of schemas on other hosts in a text. A request could send what an agent has read to such a host.
 */
const schemasElsewhere = (name: string, text: string | null): string[] =>
  schemaLines
    .filter(([file]) => text !== null && file.test(name))
    .flatMap(([, line]) => [...unescaped(text ?? "").matchAll(line)])
    .flatMap(([, value = ""]) => value.split(/\s+/))
    .filter(isElsewhere);

/** Fields of package.json that no tool runs or follows. All other fields can name or select a program. */
const inertFields: ReadonlySet<string> = new Set([
  ...["name", "version", "description", "keywords", "author", "contributors", "maintainers", "license"],
  ...["homepage", "bugs", "repository", "funding", "private", "engines", "sideEffects", "types", "typings"],
  ...["files", "icon", "displayName", "publisher", "categories", "preview"],
]);

const dependencyFields = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

const Dependencies = z.record(z.string(), z.unknown());

/** Dependencies that do not come from the registry under their own name. */
const fromElsewhere = (dependencies: unknown): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(Dependencies.safeParse(dependencies).data ?? {}).filter(
      ([, version]) =>
        typeof version !== "string" || /[:/]/.test(version.replace(/^(workspace|catalog):/, "")),
    ),
  );

/** The fields of package.json that tools run or follow. */
const runningParts = (text: string | null): Record<string, unknown> | string | null => {
  if (text === null) return null;
  try {
    const parsed = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text)).data;
    if (parsed === undefined) return text;
    const parts: Record<string, unknown> = {};
    for (const name of Object.keys(parsed).sort()) {
      if (inertFields.has(name)) continue;
      const part = dependencyFields.includes(name) ? fromElsewhere(parsed[name]) : parsed[name];
      if (JSON.stringify(part) !== "{}") parts[name] = part;
    }
    return parts;
  } catch {
    return text; // What is no JSON is compared as a whole.
  }
};

const runsOtherwise = (before: string | null, after: string | null): boolean => {
  const parts = JSON.stringify(runningParts(after));
  return after !== null && parts !== JSON.stringify(runningParts(before)) && parts !== "{}";
};

const newLines = (before: string | null, after: string): string => {
  const known = new Set(before?.split("\n"));
  return after
    .split("\n")
    .filter((line) => !known.has(line))
    .map((line) => line.replace(/\r$/, ""))
    .join("\n");
};

/** The marks of a changed file. `null` if there is no file or it is not text. */
export const marksOf = (path: string, before: string | null, after: string | null): ChangeMark[] => {
  const name = plainestPath(path);
  const isPackage = /(^|\/)package\.json$/.test(name);
  const executes =
    isExecuting(name) ||
    (isPackage && runsOtherwise(before, after)) ||
    locksElsewhere(name, before, after) ||
    executingLines.some(([file, line]) => file.test(name) && line.test(newLines(before, after ?? "")));
  const steers = isSteering(name);
  const hides = hasInvisible(path) || (after !== null && hidesText(newLines(before, after)));
  const known = schemasElsewhere(name, before);
  const fetches = schemasElsewhere(name, after).some((address) => !known.includes(address));
  return [
    ...(executes ? (["executes"] as const) : []),
    ...(steers ? (["steers"] as const) : []),
    ...(hides ? (["invisible"] as const) : []),
    ...(fetches ? (["fetches"] as const) : []),
  ];
};
