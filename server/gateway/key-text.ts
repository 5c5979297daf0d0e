import { fail } from "../../schemas/errors.ts";
import { REDACTED, redactText } from "../workspace/redact.ts";

/** Blanks of every kind, a byte order mark and zero-width characters, as copying adds them. */
const around = /^[\s\u{feff}\u{200b}-\u{200d}\u{2060}]+|[\s\u{feff}\u{200b}-\u{200d}\u{2060}]+$/gu;
const quoted = /^(?:"(.*)"|'(.*)'|“(.*)”|‘(.*)’|`(.*)`)$/s;

const bare = (given: string): string => {
  const trimmed = given.replace(around, "");
  const inside: (string | undefined)[] = quoted.exec(trimmed)?.slice(1) ?? [];
  return (inside.find((text) => text !== undefined) ?? trimmed).replace(around, "");
};

/** Why a text cannot be a key; null: it can. A header accepts only printable ASCII characters. */
const problemOf = (key: string): string | null => {
  const lines = key.split(/\r\n|[\r\n\u{85}\u{2028}\u{2029}]/u).length;
  if (lines > 1) return `it has ${lines} lines, and a key is one word`;
  if (/^[A-Z][A-Z0-9_]{2,}=/.test(key)) return "it begins with the name of a variable";
  if (/\s/u.test(key)) return "it contains a space, and a key is one word";
  const strange = key.search(/[^!-~]/);
  return strange === -1 ? null : `its character ${strange + 1} cannot occur in a key`;
};

/**
 * A key without what copying added to it, such as quotes, a line end or a byte order mark. Empty if
 * there is none. Throws `credential_malformed`, which never shows the key.
 *
 * @param source the source of the key, in words: the name of a variable, or of a stored key.
 */
export const readKey = (given: string, source: string): string => {
  const key = bare(given);
  const reason = problemOf(key);
  if (reason !== null) throw fail("credential_malformed", { source, reason });
  return key;
};

/** The same for several keys with commas between them; empty ones are left out. */
export const readKeys = (given: string, source: string): string[] =>
  bare(given)
    .split(",")
    .map((key) => readKey(key, source))
    .filter((key) => key !== "");

/**
 * A text of a client or a service without the key that was used, and without anything that looks like a
 * key.
 */
export const withoutKey = (text: string, key: string | null): string => {
  if (key === null || key === "") return redactText(text, []);
  const forms = new Set([key, encodeURIComponent(key), JSON.stringify(key).slice(1, -1)]);
  return redactText(
    [...forms].reduce((clean, form) => clean.replaceAll(form, REDACTED), text),
    [],
  );
};
