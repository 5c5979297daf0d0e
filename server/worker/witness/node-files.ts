/** The part of `node-witness.ts` about files, programs, the clock, and the end of the process. */
export const filesScript = String.raw`
// 7. Reading the tests, or what belongs to this run.
const closedTo = (target) => {
  if (typeof target !== "string" && !(target instanceof URL)) return null;
  let path = slashed(target instanceof URL ? fileURLToPath(target) : target);
  if (!path.startsWith("/") && !/^[A-Za-z]:/.test(path)) path = slashed(require("node:path").resolve(path));
  if (path.startsWith(slashed(settings.folder)) || /^\/proc\/(self|thread-self|\d+|\$\w+|\$\{\w+\})\//.test(path)) return "this test run";
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
const opening = "readFile open writeFile appendFile unlink rm copyFile cp rename truncate link symlink readlink".split(" ");
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
/** What a source starts from text is the source's own code: the new process or worker learns whose. */
const startedBy = (source, start) => {
  if (source === null) return start();
  process.env.CODITECT_STARTER = source.path;
  passesOn = true;
  try {
    return start();
  } finally {
    passesOn = false;
    delete process.env.CODITECT_STARTER;
  }
};
const isNode = (name, program) => name === "fork" || /(^|[\\/])node(\.exe)?$/.test(String(program));
const workers = require("node:worker_threads");
workers.Worker = new Proxy(workers.Worker, {
  construct(target, args, made) {
    return startedBy(directSource(), () => Reflect.construct(target, args, made === workers.Worker ? target : made));
  },
});
for (const name of ["exec", "execSync", "execFile", "execFileSync", "spawn", "spawnSync", "fork"]) {
  const original = childProcess[name];
  const watched = function (...args) {
    const source = directSource();
    const words = [args[0], ...(Array.isArray(args[1]) ? args[1] : [])];
    const what = source === null ? null : openedBy(words);
    if (what !== null) accuse(source, what);
    return startedBy(isNode(name, args[0]) ? source : null, () => apply(original, this, args));
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
    /** Watches the realm of a test file, as Jest makes one for each; call the result at its end. */
    watchRealm: (realm, file) => {
      tellReached(realm, file);
      for (const name of runnerGlobals) hideGlobal(realm, name);
      guardEnvironment(realm.process);
      disguiseArguments(realm.process);
      looksBy(realm.Symbol, "for", "Symbol.for", ([key]) => /jest|vitest|mocha|matchers-object|expect-global/i.test(String(key)), Symbol("none"));
      guardBuiltIns(realm);
      hideCallers(realm);
      const list = shapes(realm);
      const addedThere = additions(realm);
      return () => {
        for (const key of addedThere()) accuse(null, "adds " + key + " to Object.prototype");
        for (const [, , , label] of changedShapes(list)) accuse(null, "replaces " + label);
      };
    },
    /** Tells of a test of the change that failed before it passed. */
    triedAgain: (file, name) => {
      const path = pathOf(slashed(file));
      if (path !== null && suspects.has(path)) accuse({ path, line: null }, TRIED_AGAIN + JSON.stringify(name));
    },
    finish: () => { over = true; },
    /** Says which test runs from now on; null as its name: what runs belongs to all tests of the file. */
    runs: (file, test) => { running = { file, test }; },
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
  for (const key of added()) accuse(null, "adds " + key + " to Object.prototype");
  for (const [, , , label] of changedShapes(realmShapes)) accuse(null, "replaces " + label);
});
delete require.cache[__filename];
`;
