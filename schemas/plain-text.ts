/**
 * Text of others, such as names of files, words of models and output of tools, made safe to be shown:
 * what a terminal, a notification or a page would take for an instruction becomes a mark that people see.
 * Each output has one of these functions at its door, and nothing goes around it.
 */

/**
 * Characters that are not seen, or change how others are seen: controls, marks of direction, blanks
 * without width, tags, fillers and selectors. `\n` and `\t` are not among them.
 */
const invisible =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u2028-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF9-\uFFFB]|[\u{16FE4}\u{1BCA0}-\u{1BCA3}\u{1D159}\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/gu;

/**
 * Parts of pictures: one selector after a character that has two forms, as in ❤️ and 1️⃣, and a joiner
 * between two pictures, as in a family of emoji. Selectors in a row could spell a hidden text.
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

/** Whether a text holds characters that a reader of it would not see. */
export const hasInvisible = (text: string): boolean =>
  // A carriage return at the end of a line, and a mark of the byte order in front, are how files are written.
  text
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .replace(partOfPicture, "")
    .search(invisible) !== -1;

/** Blanks in a row that push what follows out of the window of a reader. */
const farAway = /(?:^|\S)\s{150}/;

/** Whether a text of several lines holds something that a reader of it would not see. */
export const hidesText = (text: string): boolean =>
  hasInvisible(text) || text.split("\n").some((line) => farAway.test(line.trimEnd()));

/** Text of several lines: marks in place of what is not seen. */
export const plainText = (text: string): string => marked(text.replaceAll("\r\n", "\n"));

/** The same on one line, however many it has: a name must not look like one of our lines. */
export const plainLine = (text: string): string => marked(text.replace(/[\r\n\t\u2028\u2029]+/g, " "));

/** Styles that our own lines use. No other passes: black, a background or reversed colours can hide text. */
const style = /\u001B\[(?:0|1|2|22|3[1-6]|39)m/g;

/**
 * What a build server takes for a command in the log of a step: GitHub Actions after any blanks of a line,
 * Azure Pipelines, TeamCity and an old form of GitHub Actions anywhere.
 */
const buildCommand = /^([^\S\n]*):(?=:[a-z][^\n]*::)|#(?=#(?:\[|vso\[|teamcity\[))/gim;

/**
 * Text for a terminal. The styles of our own lines pass; no other sequence does, so nothing can move
 * the cursor, write to the clipboard, make a link or clear what is above. A log of a build shows the text, and
 * does not follow it.
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

/** Text for a notification: VS Code makes links of `[text](target)`, also to commands. */
export const notificationText = (text: string): string => plainLine(text).replaceAll("](", "] (");

const escaped = (text: string): string =>
  Array.from(
    { length: text.length },
    (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");

/** JSON text in which what is not seen or could be a command is written as an escape: the value stays the same. */
export const jsonText = (json: string): string =>
  json.replace(invisible, escaped).replace(buildCommand, (found) => escaped(found));

/** Text of a SARIF message, in which `[text](target)` is a link. */
export const sarifMessage = (text: string): string => plainText(text).replaceAll("](", "] (");

/** Text in a list to pick from and in the status bar: VS Code makes icons of `$(name)`. */
export const itemText = (text: string): string => plainLine(text).replaceAll("$(", "$ (");

/** Text inside HTML, in an attribute too. */
export const htmlText = (text: string): string =>
  plainText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Text inside Markdown: nothing of it is a link, a picture, a tag or any other mark-up. */
export const markdownText = (text: string): string =>
  plainText(text)
    .replace(/[\\`*_{}[\]()#+\-.!|~<>&:@$]/g, "\\$&")
    .replace(/^(\s{4,}|\t)/gm, "");
