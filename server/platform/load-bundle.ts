import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { cachedDataVersionTag } from "node:v8";
import { Script } from "node:vm";
import { cacheFolder } from "./cache-folder.ts";

export { optimizeLate } from "./optimize-late.ts";

/** When a process counts as started: what it has called by then is what the next one will call. */
const STARTED_AFTER_MS = 2000;
const KEPT_DAYS = 30;

type Run = (
  exports: unknown,
  require: (id: string) => unknown,
  module: { exports: unknown },
  file: string,
  folder: string,
) => void;

interface Loaded {
  script: Script;
  /** Where its compiled code is kept: named by its source, so that no other can be taken for it. */
  cache: string;
}

const readIfThere = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
};

const compile = (path: string, caches: string): Loaded => {
  // Bundles are ASCII, see the build: so each of their characters is kept in one byte.
  const source = readFileSync(path, "latin1");
  const cache = join(caches, createHash("sha1").update(source).digest("hex"));
  const cachedData = readIfThere(cache);
  const wrapped = `(function(exports,require,module,__filename,__dirname){${source}\n})`;
  const script = new Script(wrapped, { filename: path, ...(cachedData && { cachedData }) });
  return { script, cache };
};

const keep = ({ script, cache }: Loaded): void => {
  const whole = `${cache}.${randomUUID()}`;
  writeFileSync(whole, script.createCachedData(), { mode: 0o600 });
  renameSync(whole, cache);
};

/** Removes caches of old bundles: those no longer exist, or are compiled again. */
const removeOld = (caches: string): void => {
  for (const name of readdirSync(caches)) {
    const path = join(caches, name);
    if (Date.now() - statSync(path).mtimeMs > KEPT_DAYS * 86_400_000) rmSync(path, { force: true });
  }
};

/**
 * Runs a bundle, and the chunks it is split into, with V8's cache of compiled code. Node's own
 * (`module.enableCompileCache`) is made before anything has run and so holds none of the functions
 * that a start calls; this one is made when the process has started, and holds them.
 */
export const loadBundle = (entry: string): void => {
  const folder = dirname(entry);
  const caches = join(cacheFolder(), "code", String(cachedDataVersionTag()));
  const modules = new Map<string, { exports: unknown }>();
  const outside = createRequire(entry);
  let loaded: Loaded[] = [];
  let isStarting = true;
  let isComplete = true;

  const load = (path: string): unknown => {
    const known = modules.get(path);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(path, module);
    const compiled = compile(path, caches);
    if (isStarting) {
      loaded.push(compiled);
      // Undefined where there was no cache to reject.
      isComplete &&= compiled.script.cachedDataRejected === false;
    }
    // The wrapper above is what this script evaluates to.
    const run = compiled.script.runInThisContext() as Run;
    run(module.exports, require, module, path, folder);
    return module.exports;
  };
  const require = (id: string): unknown =>
    id.startsWith("./") && id.endsWith(".js") ? load(join(folder, id)) : outside(id);

  const started = (): void => {
    if (!isStarting) return;
    isStarting = false;
    const scripts = loaded;
    loaded = [];
    if (isComplete) return;
    try {
      mkdirSync(caches, { recursive: true, mode: 0o700 });
      removeOld(caches);
      scripts.forEach(keep);
    } catch {
      // A disk that is full or cannot be written: the next start takes as long as this one.
    }
  };
  setTimeout(started, STARTED_AFTER_MS).unref();
  process.once("exit", started);
  load(entry);
};
