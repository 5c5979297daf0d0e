import { delimiter, basename, dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { importsOf } from "../../../server/context/imports.ts";
import { indexWorkspace, type WorkspaceIndex } from "../../../server/context/workspace-index.ts";
import { classifyPath } from "../../../server/workspace/classify.ts";
import { ignoreRules } from "../../../server/workspace/ignore.ts";
import { median, type Report } from "../report.ts";

const FILES = 25;

/** Repositories to measure besides this one: `CODITECT_BENCH_REPOSITORIES=/path/one:/path/other`. */
const repositories = (): string[] => [
  resolve(import.meta.dirname, "..", "..", ".."),
  ...(process.env.CODITECT_BENCH_REPOSITORIES ?? "").split(delimiter).filter(Boolean),
];

const sampleOf = (index: WorkspaceIndex): string[] => {
  const sources = [...index.paths].filter(
    (path) =>
      /(?<!\.d)\.[cm]?[jt]sx?$/.test(path) &&
      classifyPath(path, index.layout) === "source" &&
      /\b(import|require)\b/.test(index.read(path) ?? ""),
  );
  const step = Math.max(1, Math.floor(sources.length / FILES));
  return sources
    .toSorted()
    .filter((_, position) => position % step === 0)
    .slice(0, FILES);
};

/** The options of the nearest tsconfig.json, without what only checking and writing need. */
const optionsFor = (root: string, file: string): ts.CompilerOptions => {
  const config = ts.findConfigFile(dirname(file), (path) => ts.sys.fileExists(path));
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined };
  const own =
    config?.startsWith(root) === true
      ? ts.getParsedCommandLineOfConfigFile(config, {}, host)?.options
      : undefined;
  const resolution =
    own?.moduleResolution === undefined
      ? { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }
      : {};
  const light = { allowJs: true, noLib: true, types: [], noEmit: true, composite: false, incremental: false };
  return { ...own, ...light, isolatedDeclarations: false, ...resolution };
};

/** The files in which TypeScript's compiler finds the declarations of what a file imports. */
const byCompiler = (root: string, path: string): string[] => {
  const file = join(root, path);
  const program = ts.createProgram([file], optionsFor(root, file));
  const checker = program.getTypeChecker();
  const found = new Set<string>();
  const isAlias = (symbol: ts.Symbol | undefined): symbol is ts.Symbol =>
    symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  const add = (symbol: ts.Symbol | undefined): void => {
    const target = isAlias(symbol) ? checker.getAliasedSymbol(symbol) : symbol;
    for (const declaration of target?.declarations ?? [])
      found.add(relative(root, declaration.getSourceFile().fileName));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const symbol = checker.getSymbolAtLocation(node);
      const { parent } = node;
      const isMember =
        ts.isPropertyAccessExpression(parent) &&
        parent.name === node &&
        isAlias(checker.getSymbolAtLocation(parent.expression));
      if (isAlias(symbol) || isMember) add(symbol);
    }
    ts.forEachChild(node, visit);
  };
  const source = program.getSourceFile(file);
  if (source !== undefined) visit(source);
  found.delete(path);
  return [...found];
};

/** How many files with definitions a task's context knows, and how long that takes, next to TypeScript's compiler. */
export const measureDefinitions = async ({ report }: Report): Promise<void> => {
  for (const root of repositories()) {
    const index = await indexWorkspace(root, ignoreRules(root), [], new AbortController().signal);
    const [ours, compiler]: [number[], number[]] = [[], []];
    const timed = (into: number[], work: () => string[]): string[] => {
      const started = performance.now();
      const result = work();
      into.push(performance.now() - started);
      return result;
    };
    const counts = { found: 0, all: 0 };
    for (const path of sampleOf(index)) {
      const found = new Set(timed(ours, () => importsOf(path, index.read(path) ?? "", index)));
      const expected = timed(compiler, () => byCompiler(root, path)).filter((file) => index.paths.has(file));
      counts.all += expected.length;
      counts.found += expected.filter((file) => found.has(file)).length;
    }
    const name = basename(root);
    report({
      name: `${name}: files that define what ${ours.length} files import`,
      value: counts.found,
      unit: "files",
      against: { name: "TypeScript", value: counts.all },
      goal: "at least 95 % of what the compiler finds",
      holds: counts.found >= counts.all * 0.95,
    });
    report({
      name: `${name}: finding those of one file`,
      value: median(ours),
      unit: "ms",
      against: { name: "TypeScript", value: median(compiler) },
      goal: "",
      holds: null,
    });
  }
};
