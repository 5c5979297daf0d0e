import type { ContextType } from "../../schemas/execution.ts";
import type { TestLayout } from "../../schemas/test-layout.ts";
import { classifyPath } from "../workspace/classify.ts";

const mimeTypes: Record<string, string> = {
  ts: "text/typescript",
  mts: "text/typescript",
  cts: "text/typescript",
  tsx: "text/tsx",
  js: "text/javascript",
  mjs: "text/javascript",
  cjs: "text/javascript",
  jsx: "text/jsx",
  vue: "text/x-vue",
  svelte: "text/x-svelte",
  py: "text/x-python",
  pyi: "text/x-python",
  rb: "text/x-ruby",
  php: "text/x-php",
  go: "text/x-go",
  rs: "text/x-rust",
  java: "text/x-java-source",
  kt: "text/x-kotlin",
  cs: "text/x-csharp",
  c: "text/x-c",
  h: "text/x-c",
  cpp: "text/x-c++",
  cc: "text/x-c++",
  hpp: "text/x-c++",
  swift: "text/x-swift",
  sh: "application/x-sh",
  sql: "application/sql",
  json: "application/json",
  jsonc: "application/json",
  yaml: "application/yaml",
  yml: "application/yaml",
  toml: "application/toml",
  xml: "application/xml",
  svg: "application/xml",
  html: "text/html",
  css: "text/css",
  csv: "text/csv",
  md: "text/markdown",
  mdx: "text/markdown",
  rst: "text/x-rst",
};

/** The part of a file's name after its last dot, in lower case; "" without a dot. */
export const extensionOf = (path: string): string => /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";

/** The MIME type of a text file, by its name. */
export const mimeTypeOf = (path: string): string => mimeTypes[extensionOf(path)] ?? "text/plain";

const configurationName =
  /^(package|tsconfig[\w.-]*|jsconfig|deno|composer|biome|nx|turbo|lerna)\.jsonc?$|\.config\.\w+$|^\.[\w-]+rc(\.\w+)?$|\.(toml|ini|cfg|properties)$|^(Dockerfile|Makefile|go\.mod|Gemfile|requirements[\w.-]*\.txt|pnpm-workspace\.yaml)$/;
const dataExtension = /^(json|jsonc|csv|tsv|xml|yaml|yml|sql|txt|ndjson|jsonl)$/;

/** The kind of context that a file is for an agent, by its path. Documents: "ContextType". */
export const contextTypeOf = (path: string, layout?: TestLayout): ContextType => {
  const name = path.slice(path.lastIndexOf("/") + 1);
  switch (classifyPath(path, layout)) {
    case "test-config":
      return "Configuration";
    case "test":
      return "TestFile";
    case "document":
      return "Documentation";
    case "source":
      if (configurationName.test(name)) return "Configuration";
      return dataExtension.test(extensionOf(path)) ? "DataFile" : "SourceCode";
  }
};
