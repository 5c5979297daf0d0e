/** What is no code in Rust: comments, texts and characters. A lifetime is no character. */
const noCode =
  /\/\/[^\n]*|\/\*|\b[bc]?r(#*)"[^]*?(?:"\1|$)|"(?:[^"\\]|\\[^])*(?:"|$)|'(?:[^'\\\n]|\\[^\n]{1,9}?)'/g;

const blank = (text: string): string => text.replace(/[^\n]/g, " ");

/** Where a comment ends that begins before `from`; comments of Rust may contain others. */
const endOfComment = (text: string, from: number): number => {
  const sign = /\/\*|\*\//g;
  let depth = 1;
  sign.lastIndex = from;
  for (let found = sign.exec(text); found !== null; found = sign.exec(text)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return sign.lastIndex;
  }
  return text.length;
};

/** The text of a source in Rust with spaces in the place of everything that is no code. */
export const codeOfRust = (text: string): string => {
  const parts: string[] = [];
  let from = 0;
  noCode.lastIndex = 0;
  for (let found = noCode.exec(text); found !== null; found = noCode.exec(text)) {
    const end = found[0] === "/*" ? endOfComment(text, noCode.lastIndex) : noCode.lastIndex;
    parts.push(text.slice(from, found.index), blank(text.slice(found.index, end)));
    from = end;
    noCode.lastIndex = end;
  }
  return [...parts, text.slice(from)].join("");
};
