import { createHash, randomBytes } from "node:crypto";
import { realpathSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Consent, replacesConsent, type ConsentName } from "../../schemas/consents.ts";
import { privateUserFolder, readPrivate } from "./user-folder.ts";

/** What this user has allowed for one workspace. */
export interface Consents {
  /** Whether it was given, for this very state of what it is about if `of` names one. */
  has(name: ConsentName, of?: string | null): boolean;
  /** Everything that was given for the workspace. */
  list(): Consent[];
  give(consent: Consent): void;
  /** @param of only what was given for this; null: all of that name. */
  takeBack(name: ConsentName, of: string | null): void;
}

/** For a workspace whose configuration the user named themselves, such as a task of a suite. */
export const configurationAllowed = (consents: Consents): Consents => ({
  ...consents,
  has: (name, of) => name === "configuration" || consents.has(name, of),
});

const ConsentFile = z.strictObject({ workspace: z.string(), consents: z.array(Consent) });
type ConsentFile = z.infer<typeof ConsentFile>;

/** The consents for a workspace, by its real path, in the user's folder; other processes see changes. */
export const openConsents = (workspace: string): Consents => {
  const real = realpathSync.native(workspace);
  const path = (): string =>
    join(privateUserFolder("consents"), `${createHash("sha256").update(real).digest("hex")}.json`);

  const read = (): Consent[] => {
    try {
      const file = ConsentFile.parse(JSON.parse(readPrivate(path()).toString("utf8")));
      return file.workspace === real ? file.consents : [];
    } catch {
      // There is none, or it cannot be read: then nothing was allowed.
      return [];
    }
  };
  const write = (consents: Consent[]): void => {
    const file: ConsentFile = { workspace: real, consents };
    const temporary = `${path()}.${randomBytes(6).toString("hex")}`;
    writeFileSync(temporary, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(temporary, path());
  };

  return {
    has: (name, of = null) => read().some((consent) => consent.name === name && consent.of === of),
    list: read,
    give: (consent) => {
      write([...read().filter((known) => !replacesConsent(consent, known)), consent]);
    },
    takeBack: (name, of) => {
      write(read().filter((consent) => consent.name !== name || (of !== null && consent.of !== of)));
    },
  };
};
