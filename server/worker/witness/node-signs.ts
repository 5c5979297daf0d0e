/** The part of `node-witness.ts` about signs of a test run: modules, variables, arguments. */
export const signsScript = String.raw`
// 3. The modules of runners are not for sources.
const runnerModule = /^(node:test(\/.*)?|vitest(\/.*)?|@jest\/.*|jest-circus(\/.*)?|mocha(\/.*)?|node:inspector(\/.*)?|inspector)$/;
const looksAtRunner = (specifier, parent) => {
  if (parent === undefined || !runnerModule.test(specifier)) return;
  const path = pathOf(slashed(parent.startsWith("file:") ? fileURLToPath(parent) : parent));
  if (path !== null && !isTest(path) && suspects.has(path)) accuse({ path, line: null }, "imports the test runner (" + specifier + ")");
};
if (Module.registerHooks !== undefined) {
  Module.registerHooks({
    resolve(specifier, context, next) {
      looksAtRunner(specifier, context.parentURL);
      if (settings.refuse_assertions && /^(node:)?assert(\/strict)?$/.test(specifier) && context.conditions?.includes("import"))
        return { url: settings.assert_url, format: "module", shortCircuit: true };
      return next(specifier, context);
    },
    load(url, context, next) {
      const loaded = next(url, context);
      const path = url.startsWith("file:") ? slashed(fileURLToPath(url)) : "";
      if (isChai.test(path) && loaded.source != null)
        return { ...loaded, source: String(loaded.source) + afterChai };
      return loaded;
    },
  });
}
const elsewhere = { id: ".", filename: root + "/main.js", loaded: true, children: [], exports: {} };
const compile = Module.prototype._compile;
Module.prototype._compile = function (content, filename, ...rest) {
  const file = slashed(filename);
  const path = pathOf(file);
  // Which module required it shows a source that it is tested.
  if (path !== null && suspects.has(path) && !isTest(path) && this.parent != null)
    defineProperty(this, "parent", { value: elsewhere, writable: true, configurable: true, enumerable: false });
  const result = apply(compile, this, [isChai.test(file) ? content + afterChai : content, filename, ...rest]);
  if (settings.refuse_assertions && /\/node_modules\/expect\/build\/index\.js$/.test(file)) {
    const { expect } = this.exports;
    if (typeof expect === "function") refuseExpect(expect);
  }
  return result;
};

// 4. Variables that show a source it is tested: it sees none.
const betrays = /^(NODE_TEST_CONTEXT|JEST_WORKER_ID|VITEST.*|TEST|MOCHA.*|CODITECT.*|PYTEST.*)$/;
const hidden = /^(NODE_OPTIONS|NODE_V8_COVERAGE|NODE_UNIQUE_ID|npm_.*|CI)$/;
/** A source that asks Vite for a variable: import.meta.env looks it up. */
const throughVite = () => {
  const [first, second] = callers();
  if (first === undefined || !/\/node_modules\/(vitest|vite|vite-node|@vitest\/[^/]+)\//.test(first.file)) return null;
  const caller = asCaller(second);
  return isSuspect(caller) ? caller : null;
};
const guardEnvironment = (holder) => {
  const env = holder.env;
  const isHidden = (key) => typeof key === "string" && (betrays.test(key) || hidden.test(key));
  const guarded = new Proxy(env, {
    get(target, key) {
      const value = target[key];
      if (value === undefined || typeof key !== "string") return value;
      const isBetrayal = betrays.test(key);
      const isName = (key === "NODE_ENV" || key === "MODE") && value === "test";
      if (!isBetrayal && !isName && !hidden.test(key)) return value;
      const source = directSource() ?? throughVite();
      if (source === null) return value;
      if (isBetrayal) accuse(source, "reads a variable of the test runner (" + key + ")");
      return undefined;
    },
    set: (target, key, value) => {
      target[key] = value;
      return true;
    },
    has: (target, key) => key in target && !(isHidden(key) && directSource() !== null),
    ownKeys: (target) => {
      const all = ownKeys(target);
      return all.some(isHidden) && directSource() !== null ? all.filter((key) => !isHidden(key)) : all;
    },
  });
  defineProperty(holder, "env", { value: guarded, writable: true, configurable: true, enumerable: true });
};
guardEnvironment(process);
const disguise = (holder, name, disguised) => {
  let value = holder[name];
  defineProperty(holder, name, {
    configurable: true,
    enumerable: true,
    get: () => (directSource() === null ? value : disguised()),
    set: (next) => {
      value = next;
      disguise(holder, name, () => value);
    },
  });
};
const disguiseArguments = (holder) => disguise(holder, "argv", () => [process.execPath, root + "/main.js"]);
if (!isProgram) {
  disguiseArguments(process);
  disguise(process, "execArgv", () => []);
  disguise(process, "send", () => undefined);
}
if (Array.isArray(process.moduleLoadList)) {
  const { moduleLoadList } = process;
  disguise(process, "moduleLoadList", () => moduleLoadList.filter((name) => !/test/.test(name)));
}
/** Accuses a source that calls this for what only somebody who looks for a runner wants to know. */
const looksBy = (holder, name, label, isLook, answer) => {
  const original = holder?.[name];
  if (typeof original !== "function") return;
  defineProperty(holder, name, {
    value: function (...args) {
      const source = isLook(args) ? directSource() : null;
      if (source === null) return apply(original, this, args);
      accuse(source, "looks for the test runner (" + label + ")");
      return answer;
    },
    writable: true,
    configurable: true,
    enumerable: false,
  });
};
looksBy(process.report, "getReport", "process.report", () => true, {});
for (const [name, answer] of [["listenerCount", 0], ["listeners", []], ["rawListeners", []]])
  looksBy(process, name, "process." + name, ([event]) => /^(uncaughtException|unhandledRejection)/.test(String(event)), answer);
looksBy(Symbol, "for", "Symbol.for", ([key]) => /jest|vitest|mocha/i.test(String(key)), Symbol("none"));

`;
