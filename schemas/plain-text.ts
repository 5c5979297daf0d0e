/**
 * Text of others, such as names of files, words of models and output of tools, made safe to be shown:
 * what a terminal, a notification or a page would take for an instruction becomes a mark that people see.
 * Each output has one of these functions at its door, and nothing goes around it.
 */

/**
 * Characters that are not seen, or change how others are seen: controls, marks of direction, blanks
 * without width, tags, fillers, and selectors beyond those of emoji. `\n` and `\t` are not among them.
 */
const invisible =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u2028-\u202E\u2060-\u206F\u3164\uFE00-\uFE0D\uFEFF\uFFA0\uFFF9-\uFFFB]|[\u{1BCA0}-\u{1BCA3}\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/gu;

/** A joiner between two pictures is part of one picture, as in a family of emoji. */
const joinedPictures =
  /(?<=\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}]?)\u200D(?=\p{Extended_Pictographic})/gu;
const JOINER_KEPT = "\uE0FF";

const markOf = (character: string): string =>
  `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`;

const marked = (text: string): string =>
  text.replace(joinedPictures, JOINER_KEPT).replace(invisible, markOf).replaceAll(JOINER_KEPT, "\u200D");

/** Whether a text holds characters that a reader of it would not see. */
export const hasInvisible = (text: string): boolean =>
  // A carriage return at the end of a line, and a mark of the byte order in front, are how files are written.
  text
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .replace(joinedPictures, "")
    .search(invisible) !== -1;

/** Text of several lines: marks in place of what is not seen. */
export const plainText = (text: string): string => marked(text.replaceAll("\r\n", "\n"));

/** The same on one line, however many it has: a name must not look like one of our lines. */
export const plainLine = (text: string): string => marked(text.replace(/[\r\n\t\u2028\u2029]+/g, " "));

/** Styles that our own lines use; all others, such as concealed text, are not let through. */
const style = /\u001B\[(?:0|1|2|3|4|7|22|23|24|27|3[0-79]|4[0-79]|9[0-7]|10[0-7])m/g;

/**
 * Text for a terminal. The styles of our own lines pass; no other sequence does, so nothing can move
 * the cursor, write to the clipboard, make a link or clear what is above.
 */
export const terminalText = (text: string): string => {
  let shown = "";
  let from = 0;
  for (const match of text.matchAll(style)) {
    shown += plainText(text.slice(from, match.index)) + match[0];
    from = match.index + match[0].length;
  }
  return shown + plainText(text.slice(from));
};

/** Text for a notification: VS Code makes links of `[text](target)`, also to commands. */
export const notificationText = (text: string): string => plainLine(text).replaceAll("](", "] (");

/** JSON text in which what is not seen is written as an escape: the value stays the same. */
export const jsonText = (json: string): string =>
  json.replace(invisible, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
    ).join(""),
  );

/** Text inside HTML, in an attribute too. */
export const htmlText = (text: string): string =>
  plainText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Text inside Markdown: nothing of it is a link, a picture, a tag or any other mark-up. */
export const markdownText = (text: string): string =>
  plainText(text)
    .replace(/[\\`*_{}[\]()#+\-.!|~<>&:@$]/g, "\\$&")
    .replace(/^(\s{4,}|\t)/gm, "");
