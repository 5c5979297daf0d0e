/** The part of `node-witness.ts` about what a realm has: globals, built-ins, loaded modules, callers. */
export const realmScript = String.raw`
// 5. What runners put into a realm, and what no source may replace there.
const runnerGlobals = "describe context suite it specify test xit xtest xdescribe fit fdescribe before after beforeEach afterEach beforeAll afterAll setup teardown expect jest vi vitest __vitest_worker__ __vitest_index__ __vitest_environment__ __vitest_mocker__".split(" ");
/** The hidden state of this realm, for the witness only. */
const runnerValues = new Map();
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
  if (realm === globalThis) runnerValues.set(name, () => value);
};
const watchKey = (holder, name, label, isDirect = false) => {
  const descriptor = getOwnPropertyDescriptor(holder, name);
  if (descriptor === undefined || descriptor.configurable === false || !("value" in descriptor)) return;
  let value = descriptor.value;
  // Vitest puts timers back while a source is imported, and then those of the test again.
  const known = new Set([value]);
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
      if (!known.has(next) && isSuspect(caller)) accuse(caller, "replaces " + label);
      else {
        known.add(next);
        value = next;
      }
    },
  });
};
/** Guards the state of expect. A package may add matchers, but not if a source called it. */
const keptByExpect = new WeakMap();
const guardKept = (kept) => {
  if (kept === null || typeof kept !== "object" || keptByExpect.has(kept)) return keptByExpect.get(kept) ?? kept;
  const refuses = () => {
    const caller = nearestCaller();
    if (isSuspect(caller)) accuse(caller, "changes what expect compares by");
    return isSuspect(caller);
  };
  const guardian = new Proxy(kept, {
    set: (target, key, value) => refuses() || Reflect.set(target, key, value),
    defineProperty: (target, key, descriptor) => refuses() || Reflect.defineProperty(target, key, descriptor),
    deleteProperty: (target, key) => refuses() || Reflect.deleteProperty(target, key),
  });
  keptByExpect.set(kept, guardian);
  keptByExpect.set(guardian, guardian);
  return guardian;
};
const guardMatchers = (held) => {
  if (held === null || typeof held !== "object") return held;
  for (const key of ["matchers", "customEqualityTesters"]) {
    const descriptor = getOwnPropertyDescriptor(held, key);
    if (descriptor?.writable === true && suspects.size > 0) held[key] = guardKept(descriptor.value);
  }
  return held;
};
const withGuardedMatchers = (descriptor) =>
  typeof descriptor.get === "function"
    ? { ...descriptor, get: () => guardMatchers(apply(descriptor.get, undefined, [])) }
    : { ...descriptor, value: guardMatchers(descriptor.value) };
const ofMatchers = Symbol.for("$$jest-matchers-object");
const watchedDefine = (original, label) =>
  function (target, name, descriptor) {
    if (name === ofMatchers) return original(target, name, withGuardedMatchers(descriptor));
    const holders = target !== null && (typeof target === "object" || typeof target === "function") ? guarded.get(target) : undefined;
    if (holders?.has(name)) {
      const caller = nearestCaller();
      if (isSuspect(caller)) {
        accuse(caller, "replaces " + holders.get(name));
        return label === "Reflect" ? true : target;
      }
    }
    // What Vitest keeps there stays hidden, also when it is defined again.
    if (holders?.has(name) && /^__vitest/.test(String(name)) && "value" in descriptor) {
      target[name] = descriptor.value;
      return label === "Reflect" ? true : target;
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
  const isGlobal = ([holder]) => holder === realm;
  looksBy(realm.Object, "getOwnPropertySymbols", "Object.getOwnPropertySymbols", isGlobal, []);
  looksBy(realm.Object, "getOwnPropertyDescriptors", "Object.getOwnPropertyDescriptors", isGlobal, {});
  looksBy(realm.Reflect, "ownKeys", "Reflect.ownKeys", isGlobal, []);
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
// The sources of core-js, where the project has it: it puts better built-ins in place of some.
const polyfills = () => {
  try {
    const folder = path.dirname(Module.createRequire(settings.root + "/x.js").resolve("core-js/package.json"));
    return ["internals", "modules"].flatMap((name) => {
      const inside = path.join(folder, name);
      return fs.readdirSync(inside).map((file) => fs.readFileSync(path.join(inside, file), "utf8"));
    });
  } catch {
    return [];
  }
};
const changedShapes = (list) => {
  const changed = list.filter(([holder, key, value]) => getOwnPropertyDescriptor(holder, key)?.value !== value);
  const known = changed.length === 0 ? [] : polyfills();
  return changed.filter(([holder, key]) => {
    const value = getOwnPropertyDescriptor(holder, key)?.value;
    return typeof value !== "function" || !known.some((text) => text.includes(apply(sourceOf, value, [])));
  });
};
/** The test that runs in this process, according to our reporter in the process. */
let running = null;
const anyTest = { file: "", test: null };
/** Vitest's worker knows its test file. Where files share modules, the first one loads them for all. */
const inVitest = () => {
  const worker = runnerValues.get("__vitest_worker__")?.();
  const config = worker?.config;
  if (typeof worker?.filepath !== "string" || config == null) return anyTest;
  const pools = [config, ...Object.values(config.poolOptions ?? {})];
  return pools.some((pool) => pool?.isolate === false) ? anyTest : { file: worker.filepath, test: null };
};
// A mutant that more tests reach is tried with all of them: their names would fill the report.
const mostTold = 50;
/** Tells of each mutant as soon as it is reached: what instrumented sources count, they count here. */
const tellReached = (realm, file) => {
  if (!settings.tell_reached) return;
  const seen = new Map();
  const counts = new Map();
  const inFile = file ?? ownTestFile;
  const here = inFile === null ? null : { file: inFile, test: null };
  const reached = new Proxy(Object.create(null), {
    set(target, id, count) {
      const by = here ?? running ?? inVitest();
      const key = by.test === null ? by.file : by.file + "\n" + by.test;
      let ids = seen.get(key);
      if (ids === undefined) seen.set(key, (ids = new Set()));
      if (!ids.has(id)) {
        ids.add(id);
        const times = (counts.get(id) ?? 0) + 1;
        counts.set(id, times);
        if (times <= mostTold) tell({ type: "reached", id: String(id), file: by.file, test: by.test });
        else if (times === mostTold + 1) tell({ type: "reached", id: String(id), ...anyTest });
      }
      target[id] = count;
      return true;
    },
  });
  defineProperty(realm, "__stryker__", {
    value: { mutantCoverage: { static: reached, perTest: {} } },
    writable: true,
    configurable: true,
    enumerable: false,
  });
};
tellReached(globalThis);
/** What was put where every object has it, and every comparison of a test meets it. */
const additions = (realm) => {
  const { prototype } = realm.Object;
  const before = new Set(ownKeys(prototype));
  // Assertion libraries put "should" there, and Jest a symbol of its own.
  return () => ownKeys(prototype).filter((key) => typeof key === "string" && key !== "should" && !before.has(key));
};
const added = additions(globalThis);
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
// Where Node maps stacks back to their sources itself, our own formatter would be in its way.
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

`;
