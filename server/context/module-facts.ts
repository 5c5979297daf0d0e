/** A name that a module imports from another one: its name there, and the module specifier. */
export interface TakenName {
  name: string;
  specifier: string;
}

/** The imports and exports in the text of a JavaScript or TypeScript module. */
export interface ModuleFacts {
  /** What it imports, by the name it has in this module. `*`: all names of the other one, see `members`. */
  imports: ReadonlyMap<string, TakenName>;
  /** Its re-exports from other modules, by the exported name. */
  passedOn: ReadonlyMap<string, TakenName>;
  /** Modules of which it re-exports all names. */
  passedOnWhole: readonly string[];
  /** Its own exports: the local name, by the exported name. */
  exports: ReadonlyMap<string, string>;
}

// No two repetitions of blanks follow each other: they could share many blanks in as many ways.
const clause =
  /\b(import|export)\s{0,100}(?:type\s{1,100})?(?:([\w$]{1,200})(?:\s{0,100},)?\s{0,100})?(?:\{([^{}]{0,10000})\}\s{0,100}|\*\s{0,100}(?:as\s{1,100}([\w$]{1,200})\s{0,100})?)?from\s{0,100}["']([^"'\n]{1,1000})["']/g;

const declaration =
  /\bexport\s{1,100}(?:(?:declare|abstract|async)\s{1,100}){0,3}(?:const\s{1,100}enum|const|let|var|function\s{0,100}\*?|class|interface|type|enum|namespace|module)\s{1,100}([\w$]{1,200})/g;

const commonJs = /(?:^|[^\w$.])(?:module\.)?exports\.([\w$]{1,200})\s{0,100}=(?!=)/g;

const ownList = /\bexport\s{0,100}(?:type\s{1,100})?\{([^{}]{0,10000})\}(?!\s{0,100}from\b)/g;

const required =
  /\b(?:const|let|var)\s{1,100}(?:([\w$]{1,200})|\{([^{}]{0,10000})\})\s{0,100}=\s{0,100}require\(\s{0,100}["']([^"'\n]{1,1000})["']\s{0,100}\)/g;

const passesOnAll =
  /\bmodule\.exports\s{0,100}=\s{0,100}require\(\s{0,100}["']([^"'\n]{1,1000})["']\s{0,100}\)/g;

/** The pairs of `a, type b as c`: the name of each before `as` and after it. */
const namesIn = (list: string): [name: string, other: string][] =>
  list
    .replace(/\/\*[^*]*\*\/|\/\/[^\n]*/g, "")
    .split(",")
    .flatMap((part): [string, string][] => {
      const words = part.trim().split(/[\s:]+/);
      const [name = "", ...rest] =
        words[0] === "type" && words.length > 1 && words[1] !== "as" ? words.slice(1) : words;
      const other = rest.at(-1) ?? name;
      return /^[\w$]+$/.test(name) && /^[\w$]+$/.test(other) ? [[name, other]] : [];
    });

/** Reads a module's text without running it or resolving its imports. */
export const moduleFacts = (text: string): ModuleFacts => {
  const imports = new Map<string, TakenName>();
  const passedOn = new Map<string, TakenName>();
  const passedOnWhole: string[] = [];
  const exports = new Map<string, string>();
  for (const [, keyword, standard, list, whole, specifier = ""] of text.matchAll(clause)) {
    const into = keyword === "import" ? imports : passedOn;
    if (standard !== undefined) into.set(standard, { name: "default", specifier });
    for (const [name, other] of namesIn(list ?? "")) into.set(other, { name, specifier });
    if (whole !== undefined) into.set(whole, { name: "*", specifier });
    if (keyword === "export" && standard === undefined && list === undefined && whole === undefined)
      passedOnWhole.push(specifier);
  }
  for (const [, whole, list, specifier = ""] of text.matchAll(required)) {
    if (whole !== undefined) imports.set(whole, { name: "*", specifier });
    for (const [name, other] of namesIn(list ?? "")) imports.set(other, { name, specifier });
  }
  for (const [, specifier = ""] of text.matchAll(passesOnAll)) passedOnWhole.push(specifier);
  for (const [, name = ""] of text.matchAll(declaration)) exports.set(name, name);
  for (const [, name = ""] of text.matchAll(commonJs)) exports.set(name, name);
  for (const [, list = ""] of text.matchAll(ownList))
    for (const [name, other] of namesIn(list)) exports.set(other, name);
  const standard = /\bexport\s{1,100}default\s{1,100}(?:([\w$]{1,200})\s{0,100}(?:;|\n|$))?/.exec(text);
  if (standard !== null) exports.set("default", standard[1] ?? "default");
  return { imports, passedOn, passedOnWhole, exports };
};

/** The names behind a dot after `name`: `ns.total` and `ns.Tax` of `import * as ns`. */
export const membersOf = (name: string, text: string): string[] => {
  const pattern = new RegExp(`(?<![\\w$.])${name.replaceAll("$", "\\$")}\\.([\\w$]{1,200})`, "g");
  return [...new Set([...text.matchAll(pattern)].map(([, member = ""]) => member))];
};
