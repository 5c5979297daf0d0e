/** The part of `node-witness.ts` about signs of a test run: modules, variables, arguments. */
export const signsScript = String.raw`
// 3. The modules of runners are not for sources.
const runnerModule = /^(node:test(\/.*)?|vitest(\/.*)?|@jest\/.*|jest-circus(\/.*)?|mocha(\/.*)?|chai(\/.*)?|expect(\/.*)?|node:inspector(\/.*)?|inspector)$/;
const looksAtRunner = (specifier, parent) => {
  if (parent === undefined || !runnerModule.test(specifier)) return;
  const path = pathOf(slashed(parent.startsWith("file:") ? fileURLToPath(parent) : parent));
  if (path !== null && !isTest(path) && suspects.has(path)) accuse({ path, line: null }, "imports the test runner (" + specifier + ")");
};
/** A file that was not there when this run began. */
const isNew = (file) => {
  try {
    return fs.statSync(file).birthtimeMs > fs.statSync(__filename).birthtimeMs;
  } catch {
    return false;
  }
};
/** What a source made in this run and now loads is the source's own code. */
const noteMaker = (url, parent) => {
  if (parent === undefined || suspects.size === 0) return;
  const file = slashed(parent.startsWith("file:") ? fileURLToPath(parent) : parent);
  const path = makers.get(file) ?? pathOf(file);
  if (path === null || isTest(path) || !suspects.has(path)) return;
  if (url.startsWith("data:")) makers.set("data:", path);
  if (!url.startsWith("file:")) return;
  const loaded = slashed(fileURLToPath(url));
  if (!loaded.includes("/node_modules/") && !suspects.has(pathOf(loaded)) && isNew(loaded)) makers.set(loaded, path);
};
if (Module.registerHooks !== undefined) {
  Module.registerHooks({
    resolve(specifier, context, next) {
      looksAtRunner(specifier, context.parentURL);
      if (settings.refuse_assertions && /^(node:)?assert(\/strict)?$/.test(specifier) && context.conditions?.includes("import"))
        return { url: settings.assert_url, format: "module", shortCircuit: true };
      const resolved = next(specifier, context);
      noteMaker(resolved.url, context.parentURL);
      return resolved;
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
const { getBuiltinModule, binding } = process;
if (typeof getBuiltinModule === "function")
  process.getBuiltinModule = (name) => {
    const source = runnerModule.test(String(name)) ? directSource() : null;
    if (source !== null) accuse(source, "imports the test runner (" + name + ")");
    return getBuiltinModule.call(process, name);
  };
process.binding = (name) => {
  const source = directSource();
  if (source !== null) accuse(source, "reaches into Node (process.binding)");
  return binding.call(process, name);
};
// A script that runs under a name outside of the project would be no source's in the engine's stacks.
const vm = require("node:vm");
const namesAnother = (options) => {
  const name = typeof options === "string" ? options : options?.filename;
  if (typeof name !== "string") return;
  const source = directSource();
  const isOwn = source !== null && (!/[\\/]/.test(name) || pathOf(slashed(name.startsWith("file:") ? fileURLToPath(name) : name)) !== null);
  if (source !== null && !isOwn) accuse(source, "runs under another name (vm)");
};
for (const [name, at] of [["runInThisContext", 1], ["runInNewContext", 2], ["runInContext", 2], ["compileFunction", 2]]) {
  const original = vm[name];
  vm[name] = function (...args) {
    namesAnother(args[at]);
    return apply(original, this, args);
  };
}
vm.Script = new Proxy(vm.Script, {
  construct(target, args, made) {
    namesAnother(args[1]);
    return Reflect.construct(target, args, made === vm.Script ? target : made);
  },
});
const elsewhere = { id: ".", filename: root + "/main.js", loaded: true, children: [], exports: {} };
const compile = Module.prototype._compile;
Module.prototype._compile = function (content, filename, ...rest) {
  const file = slashed(filename);
  const path = pathOf(file);
  // Which module required it shows a source that it is tested.
  if (path !== null && suspects.has(path) && !isTest(path) && this.parent != null)
    defineProperty(this, "parent", { value: elsewhere, writable: true, configurable: true, enumerable: false });
  const result = apply(compile, this, [isChai.test(file) ? content + afterChai : content, filename, ...rest]);
  if (isShould.test(file)) watchShould(this.exports);
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
/** Whether a source starts Node at the moment: the new process is watched as this one is. */
let passesOn = false;
const isPassedOn = (key) => passesOn && (key === "NODE_OPTIONS" || key === "CODITECT_STARTER");
/** Whether no program and no part of Node asks: only a function of the engine that somebody bound does. */
const isCalledByNobody = () => {
  const holder = {};
  reading = true;
  try {
    capture(holder);
    const frames = String(holder.stack).split("\n").slice(1);
    return frames.every((line) => line.includes(__filename) || /processTicksAndRejections|\(<anonymous>\)$/.test(line));
  } finally {
    reading = false;
  }
};
const guardEnvironment = (holder) => {
  const env = holder.env;
  const isHidden = (key) => typeof key === "string" && !isPassedOn(key) && (betrays.test(key) || hidden.test(key));
  const guarded = new Proxy(env, {
    get(target, key) {
      const value = target[key];
      if (value === undefined || typeof key !== "string" || isPassedOn(key)) return value;
      const isBetrayal = betrays.test(key);
      const isName = (key === "NODE_ENV" || key === "MODE") && value === "test";
      if (!isBetrayal && !isName && !hidden.test(key)) return value;
      const source = directSource() ?? throughVite();
      if (source === null && !(isBetrayal && isCalledByNobody())) return value;
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
looksBy(Symbol, "for", "Symbol.for", ([key]) => /jest|vitest|mocha|matchers-object|expect-global/i.test(String(key)), Symbol("none"));

`;
