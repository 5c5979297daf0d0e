import { isTestScript } from "../../workspace/classify.ts";
import { DOUBTED, REFUSED, TRIED_AGAIN } from "./failure.ts";
import { matchersScript } from "./matchers.ts";
import { filesScript } from "./node-files.ts";
import { realmScript } from "./node-realm.ts";
import { signsScript } from "./node-signs.ts";
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
const REFUSED = ${JSON.stringify(REFUSED)};
const DOUBTED = ${JSON.stringify(DOUBTED)};
const isTest = ${isTestScript(settings.layout)};
const refusingMatchers = ${matchersScript};
${script}${signsScript}${realmScript}${filesScript}
})();
`;

const script = String.raw`
const fs = require("node:fs");
const path = require("node:path");
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
const { toString: sourceOf } = Function.prototype;
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

// Who calls: frames as file and line, nearest first, without this file and Node's own. A folder may have
// parentheses, as app/(shop) of Next.js; a function whose name looks like a place must not hide its own.
const place = /(?:at |\()((?:file:\/\/)?(?:[A-Za-z]:)?[\\/](?:[^()]|\([^()\\/]*\))*?)(?:\?[^:)]*)?:(\d+):(\d+)\)?$/;
// Code made from text is its maker's.
const madeAt = /\(eval at .*?\(((?:file:\/\/)?(?:[A-Za-z]:)?[\\/](?:[^()]|\([^()\\/]*\))*?)(?:\?[^:)]*)?:(\d+):(\d+)\)/;
// Code without a file of its own: in a worker or another process, or imported from text.
const withoutFile = /(?:at |\()(data:\S*?|\[(?:worker )?eval\d*\](?:-wrapper)?|file:\/\/\S*\/\[eval\d*\]):(\d+):(\d+)\)?$/;
/** The source that started this worker or process, where one did. */
const starter = (() => {
  const path = process.env.CODITECT_STARTER;
  delete process.env.CODITECT_STARTER;
  return path;
})();
/** Sources by what they made in this run and then loaded: files, and modules from text. */
const makers = new Map();
let reading = false;
const framesOf = (stack) => {
  const frames = [];
  for (const line of String(stack).split("\n")) {
    const unfiled = withoutFile.exec(line);
    if (unfiled !== null && /^\s*at /.test(line)) {
      const maker = unfiled[1].startsWith("data:") ? makers.get("data:") : starter;
      if (maker !== undefined) frames.push({ file: root + "/" + maker, line: Number(unfiled[2]), text: line });
      continue;
    }
    const found = madeAt.exec(line) ?? place.exec(line);
    if (found === null || !/^\s*at /.test(line)) continue;
    const file = slashed(found[1].startsWith("file:") ? fileURLToPath(found[1]) : found[1]);
    const maker = makers.get(file);
    if (maker !== undefined) frames.push({ file: root + "/" + maker, line: Number(found[2]), text: line });
    else if (file !== slashed(__filename)) frames.push({ file, line: Number(found[2]), text: line });
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
// Installed packages, and yarn's scripts that load them; agents may write neither.
const ofPackages = /\/node_modules\/|\/\.pnp\.(cjs|loader\.mjs)$/;
const pathOf = (file) =>
  file.startsWith(root + "/") && !ofPackages.test(file) && !file.startsWith(slashed(settings.folder) + "/")
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
/** The test file that this process, or its parent, was started for; null if it is not the only one. */
let ownTestFile = null;
const isProgram = (() => {
  const main = process.argv[1];
  const above = process.env[started];
  ownTestFile = above === undefined || above === "1" ? null : above;
  process.env[started] = ownTestFile ?? "1";
  if (above === undefined || main === undefined) return false;
  try {
    const file = fs.realpathSync(main);
    const path = pathOf(slashed(file));
    // Node's own runner gives each file a process.
    if (path !== null && isTest(path) && process.env.NODE_TEST_CONTEXT === "child-v8")
      process.env[started] = ownTestFile ??= file;
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
const { listenerCount } = process;
/** Whether a signal ends this process: one that has a listener does not. */
const endsItself = ([pid, signal = "SIGTERM"]) => {
  const names = require("node:os").constants.signals;
  const name = typeof signal === "number" ? keys(names).find((each) => names[each] === signal) : signal;
  return pid === process.pid && name !== undefined && apply(listenerCount, process, [name]) === 0;
};
const ends = (holder, name, label) => {
  // Whoever replaces it often calls the one before: each keeps what it calls.
  const layer = (original) => function (...args) {
    if (!over) {
      const caller = nearestCaller() ?? (callers().length === 0 ? taker : null);
      if (caller !== null && (label !== "process.kill" || endsItself(args))) {
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
for (const name of ["exit", "reallyExit", "abort", "kill", "execve"]) {
  if (typeof process[name] !== "function") continue;
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
const refusal = (message = REFUSED) => {
  const error = new NativeError(message);
  error.name = "AssertionError";
  error.code = "ERR_ASSERTION";
  return error;
};
const refuse = () => {
  throw refusal();
};
/** What a matcher throws that is added now: the project's own may be one that never fails. */
const refusalOfAdded = () => {
  const message = nearestCaller() === null ? REFUSED : DOUBTED;
  return () => {
    throw refusal(message);
  };
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
process[Symbol.for("nodejs.coditect.chai")] = ({ Assertion, expect }) => {
  if (typeof Assertion !== "function") return;
  const { prototype } = Assertion;
  // What matches everything a test compares it with passes here as well: such a test cannot fail.
  const refuseUnlessAnything = function () {
    if (typeof this._obj?.asymmetricMatch !== "function") throw refusal();
  };
  const value = settings.refuse_assertions ? refuseUnlessAnything : prototype.assert;
  lock(prototype, "assert", "chai's assertions", value);
  if (settings.refuse_assertions) refuseAdded(expect, () => refuseMatchers(prototype, refuseUnlessAnything));
};
/** Some of Vitest's own matchers, such as toMatchObject, throw by themselves, without chai's assertion method. */
const refuseMatchers = (prototype, refuse) => {
  for (const name of getOwnPropertyNames(prototype)) {
    const { value } = getOwnPropertyDescriptor(prototype, name);
    if (!/^to[A-Z]/.test(name) || typeof value !== "function") continue;
    const refusing = function (...args) {
      apply(refuse, this, []);
      return apply(value, this, args);
    };
    defineProperty(prototype, name, { value: refusing, configurable: true, writable: true, enumerable: true });
  }
};
/** Vitest gives chai's expect a method that adds matchers, and calls it with its own expect and the matchers. */
const refuseAdded = (expect, refuseOwn) => {
  let extend;
  let isComplete = false;
  // A file of chai that has the class alone has no expect.
  if (expect === undefined || getOwnPropertyDescriptor(expect, "extend") !== undefined) return;
  defineProperty(expect, "extend", {
    configurable: true,
    enumerable: true,
    get: () => {
      // Vitest copies it when it makes its expect, after it has added its own matchers.
      if (!isComplete) refuseOwn();
      isComplete = true;
      return extend;
    },
    set: (next) => {
      extend = function (of, matchers) {
        return apply(next, this, [of, refusingMatchers(matchers, refusalOfAdded())]);
      };
    },
  });
};
// Version 4 and earlier export the class, later ones have it in the same file.
const afterChai = ';process[Symbol.for("nodejs.coditect.chai")]?.(typeof Assertion==="undefined"?typeof module==="undefined"?{}:module.exports:{Assertion,expect:typeof expect==="undefined"?undefined:expect});';
const isChai = /\/node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?chai\/(?:index|chai|lib\/chai\/assertion)\.m?js$/;
/** should.js asserts through its class, and through functions that are named as those of Node. */
const isShould = /\/node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?should\/(?:cjs\/|lib\/)?should\.js$/;
const watchShould = (should) => {
  if (typeof should?.Assertion !== "function") return;
  const { prototype } = should.Assertion;
  lock(prototype, "assert", "the assertions of should", settings.refuse_assertions ? refuse : prototype.assert);
  if (!settings.refuse_assertions) return;
  for (const holder of [should, should.not ?? {}])
    for (const name of keys(holder))
      if (typeof holder[name] === "function" && (name in assert || /^exists?$/.test(name)) && !/^[A-Z]/.test(name)) holder[name] = refuse;
};
const refuseExpect = (expect) => {
  const matchers = {};
  for (const name of keys(expect(0))) if (name.startsWith("to")) matchers[name] = refuse;
  const { extend } = expect;
  expect.extend = (added) => extend(refusingMatchers(added, refusalOfAdded()));
  extend(refusingMatchers(matchers, refuse));
};
`;
