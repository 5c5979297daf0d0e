import { z } from "zod";
import type { ChangeMark } from "../../schemas/changes.ts";
import { hasInvisible } from "../../schemas/plain-text.ts";
import { plainestPath } from "./plainest-path.ts";

const executing: readonly RegExp[] = [
  /(^|\/)\.vscode\//,
  /(^|\/)\.idea\//,
  /(^|\/)[^/]+\.code-workspace$/,
  /(^|\/)\.(github\/(workflows|actions)|circleci|buildkite|woodpecker|gitea|forgejo)\//,
  /(^|\/)(\.gitlab-ci|azure-pipelines|bitbucket-pipelines|\.travis|appveyor|\.drone)[^/]*\.ya?ml$/,
  /(^|\/)jenkinsfile[^/]*$/,
  /(^|\/)\.(husky|githooks|git-hooks|lefthook)\//,
  /(^|\/)(lefthook|\.lefthook|\.pre-commit-config|\.lintstagedrc|lint-staged\.config|\.overcommit)[^/]*$/,
  /(^|\/)\.git(attributes|modules)$/,
  /(^|\/)\.git\//,
  /(^|\/)\.(npmrc|yarnrc|yarnrc\.yml|pnpmfile\.cjs|envrc|tool-versions|nvmrc|mise\.toml)$/,
  /(^|\/)\.?pnpmfile\.[cm]?js$/,
  /(^|\/)\.yarn\//,
  /(^|\/)\.devcontainer(\/|\.json$)/,
  /(^|\/)(dockerfile|containerfile)(\.[^/]*)?$/,
  /(^|\/)(docker-)?compose[^/]*\.ya?ml$/,
  /(^|\/)(gnu)?makefile(\.[^/]*)?$/,
  /(^|\/)(justfile|taskfile\.ya?ml|rakefile|gulpfile\.[^/]*|gruntfile\.[^/]*|build\.rs|setup\.py|noxfile\.py)$/,
  /(^|\/)(conftest|sitecustomize|usercustomize)\.py$/,
  /(^|\/)[^/]+\.pth$/,
  /(^|\/)(vite|vitest|jest|webpack|rollup|esbuild|babel|postcss|tailwind|next|nuxt|svelte|astro|metro|playwright|cypress|karma|eslint|prettier|commitlint|tsup|rspack)\.config\.[^/]+$/,
  /(^|\/)(\.mocharc|\.babelrc|\.eslintrc|\.prettierrc|\.jestrc|\.swcrc|\.nycrc)[^/]*$/,
  /(^|\/)(pytest\.ini|tox\.ini|phpunit\.xml(\.dist)?|\.rspec|rector\.php|\.php-cs-fixer[^/]*)$/,
  // Files that build a project and are programs or name programs.
  /(^|\/)(gradlew|mvnw)(\.(bat|cmd))?$/,
  /(^|\/)(gradle\/wrapper|\.mvn|\.cargo|\.direnv)\//,
  /(^|\/)(build|settings|init)\.gradle(\.kts)?$/,
  /(^|\/)(pom\.xml|gemfile|podfile|package\.swift|mix\.exs|setup\.hs|conanfile\.py|vagrantfile|procfile|\.justfile)$/,
  /(^|\/)(cmakelists\.txt|cmakepresets\.json|[^/]+\.cmake|workspace|module\.bazel|build\.bazel|[^/]+\.bzl|\.bazelrc)$/,
  /(^|\/)([^/]+\.(cs|fs|vb)proj|[^/]+\.(props|targets)|nuget\.config|dotnet-tools\.json)$/,
  /(^|\/)(nx|turbo|project|lerna|deno|bunfig|netlify|vercel|wrangler|firebase)\.(jsonc?|toml)$/,
  /(^|\/)(pnpm-workspace\.yaml|mise\.toml|(flake|shell|default)\.nix|\.(node|python|ruby)-version)$/,
  /(^|\/)(action\.ya?ml|renovate\.json5?|\.renovaterc[^/]*|\.github\/dependabot\.ya?ml)$/,
  // Files that editors, shells and interpreters load by themselves.
  /(^|\/)\.(zed|vim|nvim|fleet)\//,
  /(^|\/)\.(exrc|n?vimrc|nvim\.lua|dir-locals\.el|vscode-test[^/]*|gdbinit|lldbinit|pdbrc|pythonrc|irbrc|pryrc|rprofile|renviron|ocamlinit|inputrc|psqlrc|curlrc|wgetrc)$/,
];

/** Files in which some lines name programs that run. */
const executingLines: readonly (readonly [path: RegExp, line: RegExp])[] = [
  [/(^|\/)cargo\.toml$/, /^[ \t]*(build|links|runner|rustc-wrapper)\s*=|^[ \t]*\[(patch|replace|profile)\b/m],
  [
    /(^|\/)(pyproject\.toml|setup\.cfg)$/,
    /^[ \t]*\[(build-system|tool[.:]|project\.(scripts|gui-scripts|entry-points)|options\.entry_points)|^[ \t]*(build-backend|backend-path|addopts|cmdclass)\s*=/m,
  ],
  [/(^|\/)composer\.json$/, /"(scripts|allow-plugins|repositories)"\s*:/],
  [/(^|\/)go\.(mod|work)$/, /^[ \t]*(toolchain|replace|tool)\b/m],
];

const steering: readonly RegExp[] = [
  /(^|\/)\.coditect\//,
  /(^|\/)\.(claude|cursor|windsurf|continue|roo|cline|kilocode|kiro|gemini|codex|aider|amazonq|junie|opencode|agents|trae|augment|goose|qwen)[^/]*(\/|$)/,
  /(^|\/)\.?mcp\.json$/,
  /(^|\/)(agents|claude|gemini|copilot-instructions|warp|crush|qwen)\.md$/,
  /(^|\/)\.github\/(copilot-instructions\.md|instructions\/|prompts\/|chatmodes\/|agents\/)/,
  /(^|\/)\.(cursorrules|windsurfrules|clinerules|roomodes|goosehints)$/,
  /(^|\/)\.(git|coditect|docker|npm|eslint|prettier|cursor)ignore$/,
  /(^|\/)(codeowners|opencode\.jsonc?|\.ignore|\.rgignore)$/,
  /(^|\/)skills\/[^/]+\/skill\.md$/,
];

/** Where an editor finds the schema of a file by itself, by the file's name. */
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

/**
 * Half of all projects name schemas on these hosts. Nobody else can read the requests to their servers.
 */
const schemaHosts: ReadonlySet<string> = new Set([
  ...["json.schemastore.org", "www.schemastore.org", "schemastore.org", "json-schema.org", "www.w3.org"],
  ...["maven.apache.org", "schemas.microsoft.com", "schemas.android.com", "www.apple.com"],
]);

/** The text as parsers read it, because JSON and XML can also spell characters in other ways. */
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

/** Addresses of schemas on other hosts in a text. They could send what an agent has read to these hosts. */
const schemasElsewhere = (name: string, text: string | null): string[] =>
  schemaLines
    .filter(([file]) => text !== null && file.test(name))
    .flatMap(([, line]) => [...unescaped(text ?? "").matchAll(line)])
    .flatMap(([, value = ""]) => value.split(/\s+/))
    .filter(isElsewhere);

/** Parts of a package.json that package managers and tools run, or by which they choose what runs. */
const runningFields = [
  "scripts",
  "bin",
  "gypfile",
  "workspaces",
  "packageManager",
  "lint-staged",
  "husky",
  "simple-git-hooks",
  "pnpm",
  "overrides",
  "type",
  "exports",
  "main",
] as const;

const fieldsOf = (text: string | null): string | null => {
  if (text === null) return null;
  try {
    const parsed = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text)).data;
    return parsed === undefined ? text : JSON.stringify(runningFields.map((name) => parsed[name] ?? null));
  } catch {
    return text; // What is no JSON is compared as a whole.
  }
};

const runsOtherwise = (before: string | null, after: string | null): boolean =>
  after !== null && fieldsOf(before) !== fieldsOf(after) && fieldsOf(after) !== fieldsOf("{}");

const newLines = (before: string | null, after: string): string => {
  const known = new Set(before?.split("\n"));
  return after
    .split("\n")
    .filter((line) => !known.has(line))
    .map((line) => line.replace(/\r$/, ""))
    .join("\n");
};

/** The marks of a change of a file; `null` if there is no file or it is not text. */
export const marksOf = (path: string, before: string | null, after: string | null): ChangeMark[] => {
  const name = plainestPath(path);
  const isPackage = /(^|\/)package\.json$/.test(name);
  const executes =
    executing.some((pattern) => pattern.test(name)) ||
    (isPackage && runsOtherwise(before, after)) ||
    executingLines.some(([file, line]) => file.test(name) && line.test(newLines(before, after ?? "")));
  const steers = steering.some((pattern) => pattern.test(name));
  const hides = hasInvisible(path) || (after !== null && hasInvisible(newLines(before, after)));
  const known = schemasElsewhere(name, before);
  const fetches = schemasElsewhere(name, after).some((address) => !known.includes(address));
  return [
    ...(executes ? (["executes"] as const) : []),
    ...(steers ? (["steers"] as const) : []),
    ...(hides ? (["invisible"] as const) : []),
    ...(fetches ? (["fetches"] as const) : []),
  ];
};
