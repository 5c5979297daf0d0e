#!/usr/bin/env node
// dist/cli.js. Must run on any Node: on one that is too old it starts the Node that a clone
// has among its packages, and where there is none it says what is missing.
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const [major, minor] = process.versions.node.split(".").map(Number);
const own = join(__dirname, "..", "node_modules", "node", "bin", "node");

if (major > 22 || (major === 22 && minor >= 13)) {
  const { loadBundle, optimizeLate } = require("./load-bundle.js");
  // Before anything is loaded: V8 takes back its code only under the flags it was made under.
  optimizeLate();
  // What is young stays in two megabytes in place of thirty: a command would fill the rest of them once.
  require("node:v8").setFlagsFromString("--semi-space-growth-factor=1");
  loadBundle(join(__dirname, "cli-main.js"));
} else if (existsSync(own) && process.env.CODITECT_HANDED_OVER === undefined) {
  const { spawn } = require("node:child_process");
  const child = spawn(own, [__filename, ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, CODITECT_HANDED_OVER: "1" },
  });
  // Ctrl+C at a terminal reaches both; what was sent to this process alone is passed on.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code) => process.exit(code ?? 3));
} else {
  process.stderr.write(`coditect needs Node.js 22.13 or newer; this is ${process.version}.\n`);
  process.exit(3);
}
