/** Characters that file systems of macOS ignore in names. */
const passedOver = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** Names whose short forms on Windows are known: `GIT~1` is `.git` in most folders. */
const withShortForms = [
  ...[".git", ".gitattributes", ".gitmodules", ".github", ".coditect", ".env", ".npmrc"],
  ...[".vscode", ".idea", ".husky", ".devcontainer", ".claude", ".cursor", ".gemini", ".codex", ".mcp.json"],
  "package.json",
];

const shortFormOf = (name: string): string => {
  const [stem = "", extension] = name.replace(/^\./, "").split(".");
  return extension === undefined ? stem.slice(0, 6) : `${stem.slice(0, 6)}.${extension.slice(0, 3)}`;
};

const shortForms = new Map(withShortForms.map((name) => [shortFormOf(name), name]));

const plainestName = (name: string): string => {
  // Removes a stream of the file, and the characters that Windows drops from the end of a name.
  const kept = name.replace(/:.*$/s, "").replace(/[. ]+$/, "");
  const long = /~\d+(?=$|\.)/.test(kept) ? shortForms.get(kept.replace(/~\d+(?=$|\.)/, "")) : undefined;
  return long ?? (kept === "" ? name : kept);
};

/** Paths that are their own plainest form except for upper and lower case. */
const isPlain = /^(?!.*[. ](\/|$))[ -9;-}]*$/;

/**
 * The spelling that rules go by: the file that some system finds under `path`. Case of letters, composed
 * characters, invisible characters, short names, and dots and spaces at the end of a name make no
 * difference to one system or another. Only for comparing; a file is never opened by it.
 */
export const plainestPath = (path: string): string => {
  const lower = path.toLowerCase();
  if (isPlain.test(lower)) return lower;
  return lower.normalize("NFC").replace(passedOver, "").split("/").map(plainestName).join("/");
};
