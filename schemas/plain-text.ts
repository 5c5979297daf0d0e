/**
 * Makes untrusted text safe to show, such as file names, model output and tool output. Characters that a
 * terminal, a notification or a page would interpret become visible marks. Each output uses one of these
 * functions for all of its text.
 */

/**
 * Invisible characters, and characters that change how other characters look: control characters,
 * bidirectional marks, zero-width spaces, tags, fillers and variation selectors. `
 * ` and `\t` are not included.
 */
const invisible =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u2028-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF9-\uFFFB]|[\u{16FE4}\u{1BCA0}-\u{1BCA3}\u{1D159}\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/gu;

/**
 * Parts of emoji: one variation selector after a character with two forms, as in ❤️ and 1️⃣, and a joiner
 * between two emoji, as in a family. Several selectors in a row could encode a hidden text.
 */
const partOfPicture =
  /(?<=\p{Emoji})[\uFE0E\uFE0F]|(?<=\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}]?)\u200D(?=\p{Extended_Pictographic})/gu;

const markOf = (character: string): string =>
  `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`;

const marked = (text: string): string => {
  if (text.search(invisible) === -1) return text;
  const parts = new Set(Array.from(text.matchAll(partOfPicture), ({ index }) => index));
  return text.replace(invisible, (character, index: number) =>
    parts.has(index) ? character : markOf(character),
  );
};

/** The text without the byte order mark that some editors on Windows write. */
export const withoutByteOrderMark = (text: string): string => text.replace(/^\uFEFF/, "");

/** Whether a text contains characters that a reader cannot see. */
export const hasInvisible = (text: string): boolean =>
  // A carriage return at the end of a line and a byte order mark at the start are normal in files.
  withoutByteOrderMark(text).replaceAll("\r\n", "\n").replace(partOfPicture, "").search(invisible) !== -1;

/** A run of whitespace that pushes the text after it out of view. */
const farAway = /(?:^|\S)\s{150}/;

/** Whether a text of several lines contains something that a reader cannot see. */
export const hidesText = (text: string): boolean =>
  hasInvisible(text) || text.split("\n").some((line) => farAway.test(line.trimEnd()));

/** Text of several lines, with marks in place of invisible characters. */
export const plainText = (text: string): string => marked(text.replaceAll("\r\n", "\n"));

/** The same on one line. A name with several lines must not look like one of CODITECT's lines. */
export const plainLine = (text: string): string => marked(text.replace(/[\r\n\t\u2028\u2029]+/g, " "));

/**
 * The styles of CODITECT's own lines. Other styles are removed: black, a background or reversed colors can
 * hide text.
 */
const style = /\u001B\[(?:0|1|2|22|3[1-6]|39)m/g;

/**
 * What a build server takes for a command in the log of a step: GitHub Actions after any blanks of a line,
 * Azure Pipelines, TeamCity and an old form of GitHub Actions anywhere.
 */
const buildCommand = /^([^\S\n]*):(?=:[a-z][^\n]*::)|#(?=#(?:\[|vso\[|teamcity\[))/gim;

/**
 * Text for a terminal. Only the styles of CODITECT's own lines are kept, so no other sequence can move the
 * cursor, write to the clipboard, make a link or clear text above. Commands for a build server appear in its
 * log as plain text.
 */
export const terminalText = (text: string): string => {
  let shown = "";
  let from = 0;
  for (const match of text.matchAll(style)) {
    shown += plainText(text.slice(from, match.index)) + match[0];
    from = match.index + match[0].length;
  }
  return (shown + plainText(text.slice(from))).replace(buildCommand, (_, blanks: string | undefined) =>
    blanks === undefined ? markOf("#") : `${blanks}${markOf(":")}`,
  );
};

/** Text for a notification. VS Code turns `[text](target)` into links, and can turn them into commands. */
export const notificationText = (text: string): string => plainLine(text).replaceAll("](", "] (");

const escaped = (text: string): string =>
  Array.from(
    { length: text.length },
    (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");

/** JSON text in which invisible characters and possible commands are escaped. The value does not change. */
export const jsonText = (json: string): string =>
  json.replace(invisible, escaped).replace(buildCommand, (found) => escaped(found));

/** Text of a SARIF message, in which `[text](target)` is a link. */
export const sarifMessage = (text: string): string => plainText(text).replaceAll("](", "] (");

/** Text for a quick pick or the status bar. VS Code turns `$(name)` into icons. */
export const itemText = (text: string): string => plainLine(text).replaceAll("$(", "$ (");

/** Text for HTML, including attributes. */
export const htmlText = (text: string): string =>
  plainText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Text for Markdown. No part of it becomes a link, a picture, a tag or other markup. */
export const markdownText = (text: string): string =>
  plainText(text)
    .replace(/[\\`*_{}[\]()#+\-.!|~<>&:@$]/g, "\\$&")
    .replace(/^(\s{4,}|\t)/gm, "");
