import { isOfPnpm } from "./package.ts";
import type { ReportHook } from "./runner.ts";

/**
 * Tools that run the scripts of several packages. When a test of one package fails, they would stop the others, which
 * then lose tests. With these flags, each package runs to its end.
 */
export const monorepoTools: readonly ReportHook[] = [
  {
    main: /\/node_modules\/turbo\/bin\/turbo$/,
    isWrapper: true,
    onlyWith: ["run", "test"],
    rules: { valued: new Set(), dropped: /^--continue$/ },
    flags: () => ["--continue"],
  },
  {
    main: /\/node_modules\/lerna\/(dist\/)?cli\.js$/,
    isWrapper: true,
    onlyWith: ["run", "exec"],
    rules: { valued: new Set(), dropped: /^(--bail|--no-bail)$/ },
    flags: () => ["--no-bail"],
  },
  {
    main: /\/node_modules\/nx\/(dist\/)?bin\/nx\.js$/,
    isWrapper: true,
    onlyWith: ["run-many", "affected"],
    rules: { valued: new Set(), dropped: /^(--nxBail|--nx-bail)$/ },
    flags: () => ["--nxBail=false"],
  },
];

/** Variables with the same effect, for wireit and for pnpm (before and since version 11). */
export const withoutBail = (folder: string): Record<string, string> => ({
  WIREIT_FAILURES: "continue",
  ...(isOfPnpm(folder) ? { npm_config_bail: "false", pnpm_config_bail: "false" } : {}),
});
