import { z } from "zod";
import { Sha256 } from "../primitives.ts";
import { SharedPackage } from "../shared-package.ts";
import { row } from "./row.ts";

const given = z.strictObject({
  /** Where the package comes from, as the user gave it: a file, `npm:NAME@VERSION`, or a git URL. */
  source: z.string().min(1).max(2000),
  /** The package itself, exactly as it was read. */
  text: z.string().max(1 << 20),
});

/** Methods on agents and teams that come from elsewhere as one file. Nothing of a package is executed. */
export const packageMethods = {
  /** Reads a package from npm or git; for programs that cannot. REST does not have it: a server fetches nothing. */
  "packages/fetch": row("admin", given.pick({ source: true }), given.pick({ text: true })),
  /** What a package may do, for a person to judge; nothing is written. */
  "packages/preview": row(
    "admin",
    given,
    z.strictObject({
      sha256: Sha256,
      /** The files of `.coditect/` that an import writes. */
      paths: z.array(z.string()),
      /** Its agents, teams, hosts, commands and tools, and each prompt whole. */
      preview: z.string(),
      content: SharedPackage,
    }),
    { verb: "POST", path: "/api/packages/preview" },
  ),
  /** Writes a package into `.coditect/`, if its hash is the one that was looked at. */
  "packages/import": row(
    "admin",
    given.extend({ sha256: Sha256 }),
    z.strictObject({ paths: z.array(z.string()) }),
    { verb: "POST", path: "/api/packages" },
  ),
} as const;
