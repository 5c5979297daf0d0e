import { basename } from "node:path";

/**
 * Names that a test uses and the code does not have yet, by what compilers say. A compiler refuses such a
 * test as a whole, so the test cannot fail in an assertion before the name is there.
 */

/** Reads one error: the missing name, or null for any other error. */
type ReadError = (error: string, test: { text: string; path: string }) => string | null;

interface Compiler {
  /** Names of the files that it compiles. */
  files: RegExp;
  /** Begins an error. */
  start: RegExp;
  read: ReadError;
}

/** Names of test libraries. A test that uses one that is missing lacks an import. */
const ofTestLibrary =
  /^(?:assert|expect|should|verify|mock|describe|it$|test$|Test|Before|After|Fact$|Theory$|Parameterized)/;

/** The first group of the first expression that matches. */
const firstOf = (error: string, expressions: readonly RegExp[]): string | null => {
  for (const expression of expressions) {
    const found = expression.exec(error)?.[1];
    if (found !== undefined) return found;
  }
  return null;
};

const go: ReadError = (error, { text }) => {
  const local = /: undefined: (\w+)$/m.exec(error)?.[1];
  // What is before a dot is a package that is not imported, or a variable of the test.
  if (local !== undefined) return new RegExp(`(?<![\\w.])${local}\\.`).test(text) ? null : local;
  return firstOf(error, [
    /: undefined: \w+\.(\w+)$/m,
    /\.(\w+) undefined \(type .* has no field or method \w+\)/,
    /: unknown field '?(\w+)'? in struct literal/,
    /: (?:too many|not enough) arguments in call to (\S+)/,
    /: assignment mismatch: .* but (\S+) returns/,
  ]);
};

const ofRustLibrary =
  /found for (?:type|reference|array|slice|tuple|closure|fn|(?:struct|enum) `(?:Option|Result|Vec|String|HashMap|HashSet|BTreeMap|Box|Rc|Arc)\b)/;

const rust: ReadError = (error, { text }) => {
  if (/undeclared crate|unlinked crate|maybe a missing crate/.test(error)) return null;
  const local = firstOf(error, [
    /^error\[E\d+\]: cannot find (?:\w+ )+`(\w+)` in this scope/,
    /use of undeclared type `(\w+)`/,
  ]);
  // Without such an import, the test names itself all that it uses.
  if (local !== null) return text.includes("::*") && !ofTestLibrary.test(local) ? local : null;
  if (ofRustLibrary.test(error)) return null;
  if (error.startsWith("error[E0061]")) return "other parameters";
  return firstOf(error, [
    /^error\[E(?:0432|0433)\]: unresolved import `([^`]+)`/,
    /^error\[E\d+\]: cannot find (?:\w+ )+`(\w+)` in (?:crate|module|enum|struct|trait|type) /,
    /could not find `(\w+)` in `/,
    /^error\[E0599\]: no (?:\w+ )+(?:named )?`(\w+)` found for /,
    /^error\[E0(?:560|559|609)\]: .*no field (?:named )?`(\w+)`/,
  ]);
};

const ownPackage = (text: string): string | null => /^\s*package\s+(\w+(?:\.\w+)?)/m.exec(text)?.[1] ?? null;

/** Whether the name of a class or package is below the package of the test, by its first two parts. */
const isOwn = (name: string, text: string): boolean => {
  const own = ownPackage(text);
  return own !== null && (name === own || name.startsWith(`${own}.`) || own.startsWith(`${name}.`));
};

const java: ReadError = (error, { text, path }) => {
  const missing = /symbol:\s+(?:static )?(\w+)\s+(\w+)/.exec(error);
  if (missing !== null) {
    const [, kind, name = ""] = missing;
    const place = /location:\s+\w+\s+([\w.$]+)/.exec(error)?.[1] ?? "";
    const isInTest = place.split(/[.$]/).at(-1) === basename(path).replace(/\.\w+$/, "");
    const isOfTest = isInTest && (kind !== "class" || new RegExp(`@${name}\\b`).test(text));
    return isOfTest || ofTestLibrary.test(name) ? null : name;
  }
  const missingPackage = /package ([\w.]+) does not exist/.exec(error)?.[1];
  if (missingPackage !== undefined) return isOwn(missingPackage, text) ? missingPackage : null;
  return firstOf(error, [
    /(?:method|constructor) (\w+) in \w+ \S+ cannot be applied to given types/,
    /no suitable (?:method|constructor) found for (\w+)\(/,
  ]);
};

const kotlin: ReadError = (error, { text }) => {
  const name = /[Uu]nresolved reference:? '?(\w+)'?/.exec(error)?.[1];
  if (name !== undefined) {
    const imported = new RegExp(`^import ([\\w.]+)\\.${name}\\b`, "m").exec(text)?.[1];
    const isForeign = imported !== undefined && !isOwn(imported, text);
    return isForeign || ofTestLibrary.test(name) || new RegExp(`@${name}\\b`).test(text) ? null : name;
  }
  return firstOf(error, [
    /Too many arguments for .*\bfun (\w+)/,
    /No value passed for parameter '?(\w+)/,
    /(?:No parameter with name|Cannot find a parameter with this name:) '?(\w+)/,
  ]);
};

const groovy: ReadError = (error, { text }) => {
  const name = /unable to resolve class ([\w.]+)/.exec(error)?.[1];
  return name === undefined || (name.includes(".") && !isOwn(name, text)) ? null : name;
};

const csharp: ReadError = (error, { text }) => {
  const named = /CS(?:0103|0246): The (?:type or namespace )?name '(\w+)/.exec(error)?.[1];
  if (named !== undefined) {
    const isAttribute = named.endsWith("Attribute") || new RegExp(`\\[${named}\\b`).test(text);
    return isAttribute || ofTestLibrary.test(named) || !/^\p{Lu}/u.test(named) ? null : named;
  }
  const [, part, place] = /CS0234: .*? '(\w+)' does not exist in the namespace '([\w.]+)'/.exec(error) ?? [];
  if (part !== undefined) return /^(?:System|Microsoft|Xunit|NUnit)\b/.test(place ?? "") ? null : part;
  return firstOf(error, [
    /CS(?:0117|1061): '[^']*' does not contain a definition for '(\w+)'/,
    /CS1501: No overload for method '(\w+)'/,
    /CS1729: '(\w+)' does not contain a constructor/,
    /CS1739: The best overload for '(\w+)'/,
    /CS7036: .* required parameter '[^']*' of '([\w.]+)/,
  ]);
};

const typescript: ReadError = (error) => {
  if (/TS25(?:54|55|75): /.test(error)) return "other parameters";
  if (/on type '(?:never|unknown|void|undefined|null|string|number|boolean|object)'/.test(error)) return null;
  return firstOf(error, [
    /TS(?:2305|2724): (?:Module )?['"]+\.[^']*' has no exported member (?:named )?'(\w+)'/,
    /TS(?:2339|2551): Property '(\w+)' does not exist on type/,
    /TS2307: Cannot find module '(\.[^']+)'/,
    /TS(?:2353|2561): .*?'(\w+)' does not exist in type/,
  ]);
};

const c: ReadError = (error) =>
  firstOf(error, [
    /undefined reference to [`‘']([^'’]+)['’]/,
    /has no member named [‘']([^'’]+)['’]/,
    /[‘']([^'’]+)['’] (?:is not a member of|was not declared in this scope|has not been declared)/,
    /fatal error: (\S+\.h\w*): No such file/,
    /too (?:many|few) arguments to (?:method|function) [‘']([^'’]+)['’]/,
  ]);

const compilers: readonly Compiler[] = [
  { files: /\.go$/, start: /^(?:vet: )?\S+\.go:\d+(?::\d+)?: (?!too many errors)/, read: go },
  { files: /\.rs$/, start: /^error(?:\[E\d+\])?: /, read: rust },
  { files: /\.java$/, start: /\.java:(?:\[\d|\d+: error:)/, read: java },
  { files: /\.kt$/, start: /\.kt:(?:\d+:\d+| ?[[(]\d+)/, read: kotlin },
  { files: /\.groovy$/, start: /\.groovy: \d+: /, read: groovy },
  { files: /\.cs$/, start: /: error CS\d+: /, read: csharp },
  { files: /\.tsx?$/, start: /\berror(?: |\u001B\[\d+m)*TS\d+: /, read: typescript },
  { files: /\.(?:c|cc|cpp|cxx)$/, start: /\b(?:error: (?!ld returned)|undefined reference to )/, read: c },
];

/** The errors in a compiler's message: a line that begins one, and the lines up to the next. */
const errorsIn = (message: string, start: RegExp): string[] => {
  const errors: string[] = [];
  for (const line of message.split("\n"))
    if (start.test(line)) errors.push(line);
    else if (errors.length > 0) errors.push(`${errors.pop() ?? ""}\n${line}`);
  return errors;
};

/** The names that a test file awaits. Null: the compiler also refuses it for another reason. */
export const awaitedNames = (path: string, message: string, text: string): string[] | null => {
  const compiler = compilers.find(({ files }) => files.test(path));
  if (compiler === undefined) return null;
  const names = errorsIn(message, compiler.start).map((error) => compiler.read(error, { text, path }));
  const known = names.filter((name) => name !== null);
  return names.length === 0 || known.length < names.length ? null : [...new Set(known)].sort();
};
