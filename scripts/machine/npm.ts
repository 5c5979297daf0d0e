import { delimiter, dirname } from "node:path";
import process from "node:process";
import { runStep } from "./step.ts";

/** How the registry is reached: the one thing an npm that we start takes over from an outer one. */
const network =
  /^npm_config_(registry|proxy|https_proxy|noproxy|cafile|strict_ssl|userconfig|globalconfig)$/i;

/**
 * The environment of an npm that a script started by npm starts itself. npm tells its children about
 * itself in `npm_*` variables, among them the Node it runs on; install scripts believe them, although
 * our Node is another one. Ours is the first on the path.
 */
export const npmEnvironment = (inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const kept = Object.entries(inherited).filter(([name]) => !/^npm_/i.test(name) || network.test(name));
  return {
    // npm looks for the machine's settings next to its Node, and this Node is not the machine's.
    NODE_USE_SYSTEM_CA: "1",
    // Native add-ons: with optimization, the SQLite of code-server alone takes minutes on a slow machine.
    ...{ CFLAGS: "-O0", CXXFLAGS: "-O0" },
    ...Object.fromEntries(kept),
    PATH: `${dirname(process.execPath)}${delimiter}${inherited.PATH ?? ""}`,
  };
};

/** Runs npm in a folder; rejects with the end of its output if it fails. */
export const runNpm = (says: string, folder: string, ...args: string[]): Promise<void> =>
  runStep({
    says,
    program: "npm",
    args: [...args, "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
    folder,
    environment: npmEnvironment(process.env),
  });
