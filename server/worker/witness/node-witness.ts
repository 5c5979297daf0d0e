import { isTestScript } from "../../workspace/classify.ts";
import { TRIED_AGAIN } from "./failure.ts";
import type { WitnessSettings } from "./settings.ts";

/**
 * A script that Node loads before anything else in every process of a test run (`--require`). It
 * watches from inside what the project's files do to the run that judges them, tells it over a file
 * of its own, each line signed with the run's key, and takes from sources what would show them that
 * they are tested. Who does something is read from the call stack, never from a file's text.
 *
 * - Assertion modules are frozen; whoever replaces a part of them is told of.
 * - Timers, clock, random numbers, JSON and the like cannot be replaced by a source unseen.
 * - Variables and globals of runners, the runner's modules, test files and callers: a source that
 *   looks is told of, and sees none.
 * - Whoever ends the process is told of before it ends.
 */
export const nodeWitness = (settings: WitnessSettings): string => `"use strict";
(() => {
const settings = ${JSON.stringify(settings)};
const TRIED_AGAIN = ${JSON.stringify(TRIED_AGAIN)};
const isTest = ${isTestScript};
${script}
})();
`;

const script = String.raw`
const fs = require("node:fs");
const Module = require("node:module");
const { createHmac } = require("node:crypto");
const { fileURLToPath } = require("node:url");
const own = Symbol.for("nodejs.coditect");
// Node's own test runner hands the flag on to its children, which then load this twice.
const loaded = Symbol.for("nodejs.coditect.loaded");
if (process[loaded] === true) return;
const { openSync, writeSync } = fs;
const { defineProperty, getOwnPropertyDescriptor, getOwnPropertyNames, keys } = Object;
const { apply, ownKeys } = Reflect;
const stringify = JSON.stringify;
const NativeError = Error;
const capture = Error.captureStackTrace;
const slashed = (path) => path.replaceAll("\\", "/");
const root = slashed(settings.root);
let channel = null;

const tell = (event) => {
  channel ??= openSync(settings.channel, "a");
  const body = stringify(event);
  const mac = createHmac("sha256", settings.key).update(body).digest("hex");
  writeSync(channel, mac + " " + body + "\n");
};

// Who calls: frames as file and line, nearest first, without this file and Node's own.
const place = /(?:at |\()((?:file:\/\/)?(?:[A-Za-z]:)?[\\/][^()]*?)(?:\?[^:)]*)?:(\d+):(\d+)\)?$/;
// Code made from text is its maker's.
const madeAt = /\(eval at .*?\(((?:file:\/\/)?(?:[A-Za-z]:)?[\\/][^()]*?)(?:\?[^:)]*)?:(\d+):(\d+)\)/;
let reading = false;
const framesOf = (stack) => {
  const frames = [];
  for (const line of String(stack).split("\n")) {
    const found = madeAt.exec(line) ?? place.exec(line);
    if (found === null || !/^\s*at /.test(line)) continue;
    const file = slashed(found[1].startsWith("file:") ? fileURLToPath(found[1]) : found[1]);
    if (file !== slashed(__filename)) frames.push({ file, line: Number(found[2]), text: line });
  }
  return frames;
};
const callers = () => {
  const limit = NativeError.stackTraceLimit;
  reading = true;
  try {
    NativeError.stackTraceLimit = 40;
    const holder = {};
    capture(holder);
    return framesOf(holder.stack);
  } finally {
    NativeError.stackTraceLimit = limit;
    reading = false;
  }
};
const pathOf = (file) =>
  file.startsWith(root + "/") && !file.includes("/node_modules/") && !file.startsWith(slashed(settings.folder) + "/")
    ? file.slice(root.length + 1)
    : null;
const asCaller = (frame) => {
  if (frame === undefined) return null;
  const path = pathOf(frame.file);
  return path === null ? null : { path, line: frame.line, isTest: isTest(path) };
};
/** The project's file that calls us itself; null when a package or Node does. */
const directCaller = () => asCaller(callers()[0]);
/** The project's file nearest on the stack, through packages. */
const nearestCaller = () => {
  for (const frame of callers()) {
    const caller = asCaller(frame);
    if (caller !== null) return caller;
  }
  return null;
};
// Only what the judged change touched is suspected: a project's own test helpers may look.
const suspects = new Set(settings.suspects);
const isSuspect = (caller) => caller !== null && !caller.isTest && suspects.has(caller.path);
const directSource = () => {
  if (suspects.size === 0) return null;
  const caller = directCaller();
  return isSuspect(caller) ? caller : null;
};
const told = new Set();
const accuse = (caller, what) => {
  const key = (caller?.path ?? "") + what;
  if (told.has(key)) return;
  told.add(key);
  tell({ type: "tampering", path: caller?.path ?? "", line: caller?.line ?? null, what });
};

// A program of the project that a test starts: its arguments are its own, and it may end.
const started = "CODITECT_STARTED";
const isProgram = (() => {
  const main = process.argv[1];
  const isChild = process.env[started] === "1";
  process.env[started] = "1";
  if (!isChild || main === undefined) return false;
  try {
    const path = pathOf(slashed(fs.realpathSync(main)));
    return path !== null && !isTest(path);
  } catch {
    return false;
  }
})();

defineProperty(process, loaded, { enumerable: false, get: () => nearestCaller() === null || undefined });

/** What no source may replace: what it is called, by holder and name. */
const guarded = new WeakMap();
const guard = (holder, name, label) => {
  if (!guarded.has(holder)) guarded.set(holder, new Map());
  guarded.get(holder).set(name, label);
};

// 1. Ending the process.
let over = isProgram;
// Whoever took it last: a timer that calls it has no caller.
let taker = null;
const ends = (holder, name, label) => {
  // Whoever replaces it often calls the one before: each keeps what it calls.
  const layer = (original) => function (...args) {
    if (!over) {
      const caller = nearestCaller() ?? (callers().length === 0 ? taker : null);
      const isSelf = label !== "process.kill" || args[0] === process.pid;
      if (caller !== null && isSelf) {
        accuse(caller, "ends the process (" + label + ")");
        over = true;
      }
    }
    return apply(original, this, args);
  };
  let wrapped = layer(holder[name]);
  defineProperty(holder, name, {
    configurable: true,
    enumerable: true,
    get: () => {
      taker = directSource() ?? taker;
      return wrapped;
    },
    set(next) {
      const caller = directSource();
      // Another realm's process has a copy of this property.
      if (this !== holder)
        defineProperty(this, name, { value: next, writable: true, configurable: true, enumerable: true });
      else if (caller !== null) accuse(caller, "replaces " + label);
      else if (nearestCaller() === null) wrapped = next === wrapped ? wrapped : layer(next);
      else defineProperty(holder, name, { value: next, writable: true, configurable: true, enumerable: true });
    },
  });
};
for (const name of ["exit", "reallyExit", "abort", "kill"]) {
  ends(process, name, "process." + name);
  guard(process, name, "process." + name);
}

const header = (error) => {
  try {
    return NativeError.prototype.toString.call(error);
  } catch {
    return "Error";
  }
};
const assert = require("node:assert");

// 2. Assertion modules: frozen, or, in a run that refuses assertions, each throws when it is reached.
const REFUSED = "coditect: an assertion was reached";
const refusal = () => {
  const error = new NativeError(REFUSED);
  error.name = "AssertionError";
  error.code = "ERR_ASSERTION";
  return error;
};
const refuse = () => {
  throw refusal();
};
// Programs assert for themselves, too: only what the project's files call refuses.
const refusing = (original, isLater) =>
  function (...args) {
    if (directCaller() === null) return apply(original, this, args);
    if (isLater) return Promise.reject(refusal());
    throw refusal();
  };
/** The error that "throws" lets through when it is not the expected one, as the failed assertion it is. */
const asFailed = (original, name) => {
  const failed = (error) => {
    if (error instanceof assert.AssertionError || error === null || typeof error !== "object") return error;
    const message = "Another error was thrown: " + header(error);
    const failure = new assert.AssertionError({ message, actual: error, operator: name });
    failure.stack = String(error.stack);
    return failure;
  };
  return name === "rejects"
    ? (...args) => original(...args).catch((error) => { throw failed(error); })
    : (...args) => {
        try {
          return original(...args);
        } catch (error) {
          throw failed(error);
        }
      };
};
const lock = (holder, name, label, value) => {
  if (getOwnPropertyDescriptor(holder, name)?.configurable === false) return;
  defineProperty(holder, name, {
    configurable: false,
    enumerable: true,
    get: () => value,
    set: () => accuse(nearestCaller(), "replaces " + label),
  });
};
const lockAssert = (holder) => {
  for (const name of getOwnPropertyNames(holder)) {
    const value = holder[name];
    if (typeof value !== "function" || name === "strict" || name === "Assert") continue;
    const keeps = !settings.refuse_assertions || /^[A-Z]/.test(name);
    const kept = name === "throws" || name === "rejects" ? asFailed(value, name) : value;
    lock(holder, name, "assert." + name, keeps ? kept : refusing(value, /ejects?$/.test(name)));
  }
};
const assertStrict = require("node:assert/strict");
lockAssert(assert);
if (assertStrict !== assert) lockAssert(assertStrict);
for (const name of getOwnPropertyNames(assert.AssertionError.prototype)) {
  const descriptor = getOwnPropertyDescriptor(assert.AssertionError.prototype, name);
  if (descriptor.configurable && "value" in descriptor && name !== "constructor")
    lock(assert.AssertionError.prototype, name, "AssertionError." + name, descriptor.value);
}
if (settings.refuse_assertions) {
  // "assert(…)" itself: what is handed out for the module is a refusing function with the same parts.
  const refusingAssert = new Proxy(assert, { apply: (target, self, args) => refusing(target, false).apply(self, args) });
  const load = Module._load;
  Module._load = function (request, ...rest) {
    return /^(node:)?assert(\/strict)?$/.test(request) ? refusingAssert : apply(load, this, [request, ...rest]);
  };
  process[Symbol.for("nodejs.coditect.assert")] = refusingAssert;
}
if (settings.refuse_assertions) assert.strict === assert || lockAssert(assert.strict);

// chai and expect, where they are loaded: their own assertion method is locked, or refuses.
process[Symbol.for("nodejs.coditect.chai")] = (Assertion) => {
  const { prototype } = Assertion;
  // What matches everything a test compares it with passes here as well: such a test cannot fail.
  const refuseUnlessAnything = function () {
    if (typeof this._obj?.asymmetricMatch !== "function") throw refusal();
  };
  const value = settings.refuse_assertions ? refuseUnlessAnything : prototype.assert;
  lock(prototype, "assert", "chai's assertions", value);
};
const afterChai = ';process[Symbol.for("nodejs.coditect.chai")]?.(typeof Assertion==="undefined"?{prototype:{}}:Assertion);';
const isChai = /\/node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?chai\/(?:index|chai|lib\/chai\/assertion)\.m?js$/;
const refuseExpect = (expect) => {
  const matchers = {};
  for (const name of keys(expect(0))) if (name.startsWith("to")) matchers[name] = refuse;
  expect.extend(matchers);
};

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

// 5. What runners put into a realm, and what no source may replace there.
const runnerGlobals = "describe context suite it specify test xit xtest xdescribe fit fdescribe before after beforeEach afterEach beforeAll afterAll setup teardown expect jest vi vitest __vitest_worker__ __vitest_index__ __vitest_environment__ __vitest_mocker__".split(" ");
const hideGlobal = (realm, name) => {
  const before = getOwnPropertyDescriptor(realm, name);
  if (before?.configurable === false) return;
  let value = before === undefined ? undefined : realm[name];
  let isSet = before !== undefined;
  const descriptor = {
    configurable: true,
    enumerable: before?.enumerable ?? false,
    get() {
      if (!isSet) return undefined;
      const source = directSource();
      if (source === null) return value;
      accuse(source, "looks for the test runner (" + name + ")");
      return undefined;
    },
    set(next) {
      const source = isSet && typeof value === "function" ? directSource() : null;
      if (source !== null) {
        accuse(source, "replaces " + name);
        return;
      }
      isSet = true;
      value = next;
    },
  };
  defineProperty(realm, name, descriptor);
  guard(realm, name, name);
};
const watchKey = (holder, name, label, isDirect = false) => {
  const descriptor = getOwnPropertyDescriptor(holder, name);
  if (descriptor === undefined || descriptor.configurable === false || !("value" in descriptor)) return;
  let value = descriptor.value;
  guard(holder, name, label);
  defineProperty(holder, name, {
    configurable: true,
    enumerable: descriptor.enumerable,
    get: () => value,
    set(next) {
      // A thing that inherits from the holder gets a property of its own, as without us.
      if (this !== undefined && this !== null && this !== holder) {
        defineProperty(this, name, { value: next, writable: true, configurable: true, enumerable: true });
        return;
      }
      // Packages change how modules are loaded, also when a source asks for them.
      const caller = isDirect ? directCaller() : nearestCaller();
      if (isSuspect(caller)) accuse(caller, "replaces " + label);
      else value = next;
    },
  });
};
const watchedDefine = (original, label) =>
  function (target, name, descriptor) {
    const holders = target !== null && (typeof target === "object" || typeof target === "function") ? guarded.get(target) : undefined;
    if (holders?.has(name)) {
      const caller = nearestCaller();
      if (isSuspect(caller)) {
        accuse(caller, "replaces " + holders.get(name));
        return label === "Reflect" ? true : target;
      }
    }
    return original(target, name, descriptor);
  };
const guardBuiltIns = (realm) => {
  const keep = (holder, names, label) => {
    if (holder != null) for (const name of names) watchKey(holder, name, label + name);
  };
  keep(realm.Math, ["random"], "Math.");
  keep(realm.Date, ["now"], "Date.");
  keep(realm.JSON, ["parse", "stringify"], "JSON.");
  keep(realm.Object, ["is", "keys", "entries", "getPrototypeOf", "getOwnPropertyDescriptor"], "Object.");
  keep(realm.Array, ["isArray", "from"], "Array.");
  keep(realm.Error, ["captureStackTrace"], "Error.");
  keep(realm.performance, ["now"], "performance.");
  keep(realm, ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "Date", "Promise", "Error", "Proxy", "structuredClone"], "");
  realm.Object.defineProperty = watchedDefine(realm.Object.defineProperty, "Object");
  realm.Reflect.defineProperty = watchedDefine(realm.Reflect.defineProperty, "Reflect");
};
const shapes = (realm) =>
  ["Object", "Function", "Array", "String", "Number", "Boolean", "RegExp", "Map", "Set", "Promise", "Date", "Symbol"].flatMap((name) => {
    const prototype = realm[name]?.prototype;
    if (prototype === undefined) return [];
    return ownKeys(prototype).flatMap((key) => {
      const before = getOwnPropertyDescriptor(prototype, key);
      return typeof before?.value === "function" ? [[prototype, key, before.value, name + ".prototype." + String(key)]] : [];
    });
  });
const changedShapes = (list) => list.filter(([holder, key, value]) => getOwnPropertyDescriptor(holder, key)?.value !== value);
const realmShapes = shapes(globalThis);
for (const name of runnerGlobals) hideGlobal(globalThis, name);
guardBuiltIns(globalThis);
for (const name of ["_load", "_resolveFilename", "_extensions", "_cache", "wrap"]) watchKey(Module, name, "Module." + name, true);
for (const name of ["_compile", "require", "load"]) watchKey(Module.prototype, name, "Module.prototype." + name, true);
for (const ending of keys(Module._extensions)) watchKey(Module._extensions, ending, "Module._extensions", true);
for (const name of ["registerHooks", "register"]) {
  const original = Module[name];
  if (typeof original !== "function") continue;
  Module[name] = function (...args) {
    const source = directSource();
    if (source !== null) accuse(source, "changes how modules are loaded (module." + name + ")");
    return apply(original, this, args);
  };
}
// What is loaded: a source sees neither tests nor runners, and replaces neither.
const ofTests = /\/node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?(mocha|jest|jest-[^/]+|@jest|vitest|@vitest|chai|expect|should|sinon|power-assert)\//;
const isOfTests = (file) => {
  if (typeof file !== "string") return false;
  const path = pathOf(slashed(file));
  const isOurs = slashed(file).startsWith(slashed(settings.folder));
  return isOurs || ofTests.test(slashed(file)) || (path !== null && isTest(path));
};
/** Whether Node itself looks a module up. */
const isLoader = () => {
  const holder = {};
  reading = true;
  try {
    capture(holder);
    const nearest = String(holder.stack).split("\n").slice(1).find((line) => !line.includes(__filename));
    return /node:internal\/modules\//.test(nearest ?? "");
  } finally {
    reading = false;
  }
};
const cache = Module._cache;
Module._cache = new Proxy(cache, {
  get(target, key) {
    const source = isOfTests(key) && target[key] !== undefined && !isLoader() ? directSource() : null;
    if (source === null) return target[key];
    accuse(source, "reaches for a loaded module of the tests (require.cache)");
    return undefined;
  },
  set(target, key, value) {
    const source = isOfTests(key) && !isLoader() ? directSource() : null;
    if (source === null) target[key] = value;
    else accuse(source, "replaces a loaded module of the tests (require.cache)");
    return true;
  },
  deleteProperty(target, key) {
    const source = isOfTests(key) && !isLoader() ? directSource() : null;
    if (source === null) delete target[key];
    else accuse(source, "replaces a loaded module of the tests (require.cache)");
    return true;
  },
  ownKeys(target) {
    const all = ownKeys(target);
    return directSource() === null ? all : all.filter((key) => !isOfTests(key));
  },
});

// 6. Looking at one's callers.
const plain = (error, sites) => [header(error), ...sites.map((site) => "    at " + site)].join("\n");
const fileOf = (site) => {
  const name = String(site?.getFileName?.() ?? "");
  return slashed(name.startsWith("file:") ? fileURLToPath(name) : name);
};
/** The frames that whoever reads a stack may see: a source sees none of the tests. */
const visible = (sites) => {
  const reader = directSource();
  if (reader === null) return sites;
  const isOwn = pathOf(fileOf(sites[0])) === reader.path && Math.abs((sites[0]?.getLineNumber?.() ?? 0) - reader.line) <= 2;
  const betraying = sites.filter((site) => {
    const path = pathOf(fileOf(site));
    return path !== null && isTest(path);
  });
  if (isOwn && betraying.length > 0) accuse(reader, "looks at who calls it");
  return sites.filter((site) => pathOf(fileOf(site)) !== null && !betraying.includes(site));
};
const hideCallers = (realm) => {
  // Whoever sets a formatter often calls the one before: each keeps what it formats with.
  const layer = (custom) => (error, sites) => {
    if (reading) return plain(error, sites);
    const kept = visible(sites);
    return typeof custom === "function" ? custom(error, kept) : plain(error, kept);
  };
  // In another realm Node falls back to this one's formatter, which hides as well.
  let current = realm === globalThis ? layer(realm.Error.prepareStackTrace) : undefined;
  const layers = new WeakSet(current === undefined ? [] : [current]);
  defineProperty(realm.Error, "prepareStackTrace", {
    configurable: true,
    get: () => (reading ? undefined : current),
    set: (next) => {
      const isOurs = typeof next === "function" && layers.has(next);
      const caller = directSource();
      if (caller !== null && typeof next === "function" && !isOurs) accuse(caller, "looks at who calls it");
      current = isOurs || next === undefined ? next : layer(next);
      if (current !== undefined) layers.add(current);
    },
  });
};
// Where Node maps stacks back to their sources itself, a formatter of ours would be in its way.
if (!process.execArgv.includes("--enable-source-maps")) hideCallers(globalThis);
const util = require("node:util");
if (typeof util.getCallSites === "function") {
  const { getCallSites } = util;
  util.getCallSites = (...args) => {
    const source = directSource();
    if (source === null) return getCallSites(...args);
    accuse(source, "looks at who calls it");
    return [];
  };
}

// 7. Reading the tests, or what belongs to this run.
const closedTo = (target) => {
  if (typeof target !== "string" && !(target instanceof URL)) return null;
  let path = slashed(target instanceof URL ? fileURLToPath(target) : target);
  if (!path.startsWith("/") && !/^[A-Za-z]:/.test(path)) path = slashed(require("node:path").resolve(path));
  if (path.startsWith(slashed(settings.folder)) || /^\/proc\/(self|thread-self|\d+)\//.test(path)) return "this test run";
  const inside = pathOf(path);
  const isCode = /\.([cm]?[jt]sx?|py|snap)$/.test(path) && !/(^|\/)(__)?(fixtures|testdata|mocks)(__)?\//.test(path);
  return inside !== null && isCode && isTest(inside) ? inside : null;
};
const guardFiles = (holder, names) => {
  for (const name of names) {
    const original = holder[name];
    if (typeof original !== "function") continue;
    holder[name] = function (...args) {
      const closed = closedTo(args[0]);
      if (closed !== null) {
        const source = directSource();
        if (source !== null) accuse(source, "opens " + closed);
      }
      return apply(original, this, args);
    };
  }
};
const opening = "readFile open writeFile appendFile unlink rm copyFile cp rename truncate link symlink".split(" ");
guardFiles(fs, [...opening.flatMap((name) => [name, name + "Sync"]), "createReadStream", "createWriteStream"]);
guardFiles(fs.promises, opening);
// A program that a source starts sees what the source is kept from: the processes, the tests, this run.
const childProcess = require("node:child_process");
const looksAround = /^(ps|pgrep|pstree|lsof|top)$/;
const openedBy = (words) => {
  for (const word of words.flatMap((each) => String(each).split(/[\s"'=;|&<>()]+/))) {
    if (looksAround.test(word.replace(/^.*\//, ""))) return "looks at the processes (" + word + ")";
    const closed = word === "" ? null : closedTo(word);
    if (closed !== null) return "opens " + closed + " by another program";
  }
  return null;
};
for (const name of ["exec", "execSync", "execFile", "execFileSync", "spawn", "spawnSync", "fork"]) {
  const original = childProcess[name];
  const watched = function (...args) {
    const source = directSource();
    const words = [args[0], ...(Array.isArray(args[1]) ? args[1] : [])];
    const what = source === null ? null : openedBy(words);
    if (what !== null) accuse(source, what);
    return apply(original, this, args);
  };
  for (const key of ownKeys(original)) {
    const descriptor = getOwnPropertyDescriptor(original, key);
    if (getOwnPropertyDescriptor(watched, key)?.configurable !== false) defineProperty(watched, key, descriptor);
  }
  childProcess[name] = watched;
}
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  // Its mocks take what has a getter for no method.
  const mocks = Object.getPrototypeOf(require("node:test").mock);
  const { method } = mocks;
  mocks.method = function (holder, name, ...rest) {
    const before = guarded.get(holder)?.has(name) === true ? getOwnPropertyDescriptor(holder, name) : undefined;
    if (before?.get !== undefined)
      defineProperty(holder, name, { value: holder[name], writable: true, configurable: true, enumerable: before.enumerable });
    return apply(method, this, [holder, name, ...rest]);
  };
  const forges = (chunk) => typeof chunk === "object" && chunk !== null && chunk[0] === 0xff && chunk[1] === 0x0f;
  for (const [holder, name, at] of [[process.stdout, "write", 0], [fs, "writeSync", 1], [fs, "write", 1]]) {
    const original = holder[name];
    holder[name] = function (...args) {
      if (forges(args[at])) {
        const caller = directCaller();
        if (caller !== null) accuse(caller, "writes to the runner's report");
      }
      return apply(original, this, args);
    };
  }
}

// 8. A probe's clock and random numbers.
if (settings.clock_ahead_ms > 0) {
  const NativeDate = Date;
  const now = NativeDate.now;
  class AheadDate extends NativeDate {
    constructor(...args) {
      if (args.length === 0) super(now() + settings.clock_ahead_ms);
      else super(...args);
    }
    static now() {
      return now() + settings.clock_ahead_ms;
    }
  }
  Object.defineProperty(AheadDate, "name", { value: "Date" });
  AheadDate.prototype.constructor = AheadDate;
  globalThis.Date = AheadDate;
  // What counts from the start of the process is ahead as well.
  const { uptime } = process;
  process.uptime = () => uptime.call(process) + settings.clock_ahead_ms / 1000;
  const sinceStart = performance.now;
  performance.now = () => sinceStart.call(performance) + settings.clock_ahead_ms;
}

Module.syncBuiltinESMExports();
// A reporter in this process takes these before any file of the project is loaded, and once.
if (settings.shared) {
  const parts = {
    tell,
    settings,
    accuse,
    /** Watches another realm of this process, as Jest makes one for each file; call the result at its end. */
    watchRealm: (realm) => {
      for (const name of runnerGlobals) hideGlobal(realm, name);
      guardEnvironment(realm.process);
      disguiseArguments(realm.process);
      looksBy(realm.Symbol, "for", "Symbol.for", ([key]) => /jest|vitest|mocha/i.test(String(key)), Symbol("none"));
      guardBuiltIns(realm);
      hideCallers(realm);
      const list = shapes(realm);
      return () => {
        for (const [, , , label] of changedShapes(list)) accuse(null, "replaces " + label);
      };
    },
    /** Tells of a test of the change that failed before it passed. */
    triedAgain: (file, name) => {
      const path = pathOf(slashed(file));
      if (path !== null && suspects.has(path)) accuse({ path, line: null }, TRIED_AGAIN + JSON.stringify(name));
    },
    finish: () => { over = true; },
  };
  defineProperty(process, own, {
    configurable: true,
    enumerable: false,
    get: () => {
      if (nearestCaller() !== null) return undefined;
      return parts;
    },
  });
}
process.once("exit", () => {
  for (const [, , , label] of changedShapes(realmShapes)) accuse(null, "replaces " + label);
});
delete require.cache[__filename];
`;
