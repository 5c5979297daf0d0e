import { basename } from "node:path";
import { firstOf, isNamedAsCode, ofTestLibrary, type ReadError } from "./compiler-errors.ts";
import { isOfCpp, isOfDotnet, isOfJava } from "./standard-names.ts";

/**
 * Names that a test uses and the code does not have yet, by what compilers say. A compiler refuses such a
 * test as a whole, so the test cannot fail in an assertion before the name is there.
 */

interface Compiler {
  /** Names of the files that it compiles. */
  files: RegExp;
  /** Begins an error. */
  start: RegExp;
  read: ReadError;
}

/** Where the standard library of Go begins its paths. */
const goStandard =
  /^(?:archive|bufio|bytes|cmp|compress|container|context|crypto|database|debug|embed|encoding|errors|expvar|flag|fmt|go|hash|html|image|index|io|iter|log|maps|math|mime|net|os|path|plugin|reflect|regexp|runtime|slices|sort|strconv|strings|structs|sync|syscall|testing|text|time|unicode|unique|unsafe|weak)(?:\/|$)/;
const goType = /^(?:any|bool|byte|comparable|complex\d+|error|float\d+|u?int\d*|rune|string|uintptr)$/;

/** Whether a name with its package, a type or a function, can be of the code: not of a library or of the test. */
const isOfGoCode = (name: string, text: string): boolean => {
  const [, qualifier, local = ""] = /^\*?(?:(\w+)\.)?(\w+)(?:\[.*\])?$/.exec(name) ?? [];
  if (qualifier === undefined)
    return local !== "" && !goType.test(local) && !new RegExp(`\\b(?:type|func) ${local}\\b`).test(text);
  const [, renamed, usual = qualifier] =
    new RegExp(`\\b${qualifier}\\s+"([^"\\n]+)"|"((?:[^"\\n]*/)?${qualifier})"`).exec(text) ?? [];
  const path = renamed ?? usual;
  return !goStandard.test(path) && !ofTestLibrary.test(basename(path)) && !/^[bft]$/.test(qualifier);
};

const go: ReadError = (error, { text }) => {
  const local = /: undefined: (\w+)$/m.exec(error)?.[1];
  if (local !== undefined) {
    // The code is another package, and a dot imports its names.
    const isElsewhere = /^\s*package \w+_test\b/m.test(text) && !/^\s*(?:import\s+)?\.\s+"/m.test(text);
    // What is before a dot is a package that is not imported, or a variable of the test.
    const isQualifier = new RegExp(`(?<![\\w.])${local}\\.`).test(text);
    return isElsewhere || isQualifier || !isNamedAsCode(local, text) ? null : local;
  }
  const [, qualifier = "", member] = /: undefined: (\w+)\.(\w+)$/m.exec(error) ?? [];
  if (member !== undefined) return isOfGoCode(`${qualifier}.${member}`, text) ? member : null;
  const [, part, type = ""] =
    /\.(\w+) undefined \(type ([^()]*) has no field or method \w+\)/.exec(error) ??
    /: unknown field '?(\w+)'? in struct literal(?: of type (\S+))?/.exec(error) ??
    [];
  if (part !== undefined) return type === "" || isOfGoCode(type, text) ? part : null;
  const called = firstOf(error, [
    /: (?:too many|not enough) arguments in call to (\S+)/,
    /: assignment mismatch: \d+ variables? but (\S+) returns/,
  ]);
  // Of "cart.items.Add", only the last part before the function can be a package.
  return called !== null && isOfGoCode(called.replace(/^.*\.(?=\w+\.\w+$)/, ""), text) ? called : null;
};

/** Names a crate, a type or a value that is no crate's own. */
const ofRustLibrary =
  /(?:unresolved import|could not find `\w+` in|(?:found for|on type|in (?:crate|module|enum|struct|trait|type))(?: [a-z]+)*) `[&*]*(?:mut |const )?(?:(?:std|core|alloc)(?:::|`)|[([{]|(?:dyn|impl|fn)\b|(?:bool|char|str|[iu](?:8|16|32|64|128|size)|f32|f64|Option|Result|Vec|String|HashMap|HashSet|BTreeMap|Box|Rc|Arc)\b)/;

const rust: ReadError = (error, { text, path }) => {
  if (/undeclared crate|unlinked crate|maybe a missing crate/.test(error)) return null;
  // The compiler itself finds the name in the standard library.
  if (/^(?:\d+)? *\+ use (?:std|core|alloc)::/m.test(error)) return null;
  const local = firstOf(error, [
    // Of values, a crate exports constants.
    /^error\[E\d+\]: cannot find (?:value `(?=[A-Z])|(?!value)(?:\w+ )+`)(\w+)` in this scope/,
    /use of undeclared type `(\w+)`/,
  ]);
  // Without such an import, the test names itself all that it uses.
  if (local !== null) return text.includes("::*") && !ofTestLibrary.test(local) ? local : null;
  if (ofRustLibrary.test(error)) return null;
  if (error.startsWith("error[E0061]")) {
    const place = /defined here\s+--> ([^:\n]+)/.exec(error)?.[1];
    if (place === undefined || place === path || /\brustc\//.test(place)) return null;
    const shown = error.slice(error.indexOf("defined here"));
    return /\b(?:fn|struct|enum) (\w+)/.exec(shown)?.[1] ?? "a function with other parameters";
  }
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

const javaType =
  /^(?:boolean|byte|char|double|float|int|long|short|Boolean|Byte|Character|Class|Double|Float|Integer|Iterable|Long|Math|Number|Object|Objects|Optional|Record|Short|String|StringBuilder|System|Thread|Throwable)$/;

/** Whether a type, as javac names it, can be one of the code: not of a library, and not of the test. */
const isOfJavaCode = (type: string, { text, path }: { text: string; path: string }): boolean => {
  const name = type.replace(/<.*/s, "");
  const simple = name.slice(name.lastIndexOf(".") + 1);
  const ofTest = basename(path).replace(/\.\w+$/, "");
  if (name.split(/[.$]/).includes(ofTest) || javaType.test(simple)) return false;
  const from = new RegExp(`^import (?:static )?([\\w.]+)\\.${simple}\\b`, "m").exec(text)?.[1];
  const itsPackage = from ?? name.slice(0, Math.max(0, name.lastIndexOf(".")));
  if (itsPackage === "") return true;
  return ownPackage(text) === null
    ? !/^(?:javax?|jakarta|kotlin|org)\b/.test(itsPackage)
    : isOwn(itsPackage, text);
};

const java: ReadError = (error, test) => {
  const { text, path } = test;
  const missing = /symbol:\s+(?:static )?(\w+)\s+(\w+)/.exec(error);
  if (missing !== null) {
    const [, kind, name = ""] = missing;
    const [, placeKind, place = "", type] =
      /location:\s+(\w+)\s+([\w.$]+)(?:\S* of type (\S+))?/.exec(error) ?? [];
    const isInTest = place.split(/[.$]/).at(-1) === basename(path).replace(/\.\w+$/, "");
    if (ofTestLibrary.test(name)) return null;
    if (isInTest)
      return kind === "class" && !new RegExp(`@${name}\\b`).test(text) && !isOfJava(name, text) ? name : null;
    return isOfJavaCode(placeKind === "package" ? `${place}.${name}` : (type ?? place), test) ? name : null;
  }
  const missingPackage = /package ([\w.]+) does not exist/.exec(error)?.[1];
  if (missingPackage !== undefined) return isOwn(missingPackage, text) ? missingPackage : null;
  const [, called, place] =
    /(?:method|constructor) (\w+) in \w+ (\S+) cannot be applied to given types/.exec(error) ?? [];
  if (called !== undefined) return isOfJavaCode(place ?? "", test) ? called : null;
  const chosen = /no suitable (?:method|constructor) found for (\w+)\(/.exec(error)?.[1];
  if (chosen === undefined) return null;
  const ofCandidate = /^\s+(?:method|constructor) ([\w.$]+)\.\w+\(/m.exec(error)?.[1];
  return ofCandidate !== undefined && isOfJavaCode(ofCandidate, test) ? chosen : null;
};

/** Whether the line of the error calls a function that the test declares itself. */
const callsOwnKotlin = (error: string, text: string): boolean => {
  const row = Number(/\.kt:(?: ?[[(])?(\d+)/.exec(error)?.[1]);
  const calls = (text.split("\n")[row - 1] ?? "").matchAll(/\b(\w+)\s*\(/g);
  return [...calls].some(([, name = ""]) => new RegExp(`\\b(?:fun|class) ${name}\\b`).test(text));
};

const kotlin: ReadError = (error, { text }) => {
  const name = /[Uu]nresolved reference:? '?(\w+)'?/.exec(error)?.[1];
  if (name !== undefined) {
    const imported = new RegExp(`^import ([\\w.]+)\\.${name}\\b`, "m").exec(text)?.[1];
    const isForeign = imported !== undefined && !isOwn(imported, text);
    if (isForeign || ofTestLibrary.test(name) || new RegExp(`@${name}\\b`).test(text)) return null;
    if (imported === undefined && isOfJava(name, text)) return null;
    return isNamedAsCode(name, text) ? name : null;
  }
  const called = /Too many arguments for .*\bfun (?:\S+\.)?(\w+)/.exec(error)?.[1];
  if (called !== undefined)
    return ofTestLibrary.test(called) || new RegExp(`\\bfun ${called}\\b`).test(text) ? null : called;
  if (callsOwnKotlin(error, text)) return null;
  return firstOf(error, [
    /No value passed for parameter '?(\w+)/,
    /(?:No parameter with name|Cannot find a parameter with this name:) '?(\w+)/,
  ]);
};

const groovy: ReadError = (error, { text }) => {
  const name = /unable to resolve class ([\w.]+)/.exec(error)?.[1];
  if (name === undefined || ofTestLibrary.test(name) || name === "Specification") return null;
  if (isOfJava(name, text)) return null;
  return name.includes(".") && !isOwn(name, text) ? null : name;
};

const netType =
  /^(?:(?:System|Microsoft|Xunit|NUnit)\.|(?:bool|byte|char|Console|DateTime|decimal|double|float|int|long|Math|object|short|String|string|Task)(?![\w.])|I?(?:Enumerable|List|Dictionary)<)|\[\]$/;

/** Whether a test in C# declares the method or class itself. */
const isOfNetTest = (called: string, text: string): boolean => {
  const name = called.slice(called.lastIndexOf(".") + 1);
  const method = String.raw`(?:\b(?!(?:await|else|in|new|return|throw)\b)\w+|[>\]?])\s+${name}\s*\([^;{]*\)\s*(?:\{|=>)`;
  return new RegExp(String.raw`${method}|\b(?:class|record|struct) ${name}\b`).test(text);
};

const csharp: ReadError = (error, { text }) => {
  const named = /CS(?:0103|0246): The (?:type or namespace )?name '(\w+)/.exec(error)?.[1];
  if (named !== undefined) {
    const isAttribute = named.endsWith("Attribute") || new RegExp(`\\[${named}\\b`).test(text);
    const isForeign = ofTestLibrary.test(named) || isOfDotnet(named) || !/^\p{Lu}/u.test(named);
    return isAttribute || isForeign ? null : named;
  }
  const [, part, place] = /CS0234: .*? '(\w+)' does not exist in the namespace '([\w.]+)'/.exec(error) ?? [];
  if (part !== undefined) return /^(?:System|Microsoft|Xunit|NUnit)\b/.test(place ?? "") ? null : part;
  const [, type = "", member] =
    /CS(?:0117|1061): '([^']*)' does not contain a definition for '(\w+)'/.exec(error) ?? [];
  if (member !== undefined) return netType.test(type) || ofTestLibrary.test(type) ? null : member;
  const called = firstOf(error, [
    /CS1501: No overload for method '(\w+)'/,
    /CS1729: '(\w+)' does not contain a constructor/,
    /CS1739: The best overload for '(\w+)'/,
    /CS7036: .* required parameter '[^']*' of '([\w.]+)/,
  ]);
  if (called === null || netType.test(called) || ofTestLibrary.test(called)) return null;
  if (isOfNetTest(called, text)) return null;
  return new RegExp(`\\b(?:\\w*Assert|Console|Math)\\.${called}\\b`).test(text) ? null : called;
};

const javascriptType =
  /on type '(?:never|unknown|void|undefined|null|string|number|boolean|object|typeof globalThis|["'\d]|(?:\w*Matchers|\w*Assertion|\w*Expect\w*|Array|Console|Date|JSON|Map|Math|Object\w*|Promise|RegExp|Set|String\w*|Number\w*)\b|[^'\n]*\[\]')/;

/** The function whose call has too many or too few arguments, by the place in the error. */
const calledAt = (error: string, text: string): string | null => {
  const [, row = "", column = ""] =
    /\.tsx?(?:\u001B\[\d+m|[:(])+(\d+)(?:\u001B\[\d+m|[:,])+(\d+)/.exec(error) ?? [];
  const line = text.split("\n")[Number(row) - 1] ?? "";
  const [, wanted = "", given = ""] = /Expected (\d+).* arguments?, but got (\d+)/.exec(error) ?? [];
  const at = Number(column) - 1;
  if (Number(given) < Number(wanted)) return /^\w+/.exec(line.slice(at))?.[0] ?? null;
  let depth = 0;
  for (let index = at - 1; index >= 0; index -= 1)
    if (line[index] === ")") depth += 1;
    else if (line[index] === "(" && (depth -= 1) < 0) return /\w+$/.exec(line.slice(0, index))?.[0] ?? null;
  return null;
};

const typescript: ReadError = (error, { text }) => {
  if (/TS25(?:54|55|75): /.test(error)) {
    const called = calledAt(error, text);
    if (called === null || ofTestLibrary.test(called) || /^to[A-Z]/.test(called)) return null;
    const ofTest = String.raw`\bfunction ${called}\b|\b(?:const|let|var) ${called}\s*=\s*(?:async\s*)?(?:\(|function\b|\w+\s*=>)`;
    return new RegExp(ofTest).test(text) ? null : called;
  }
  if (javascriptType.test(error)) return null;
  return firstOf(error, [
    /TS(?:2305|2724): (?:Module )?['"]+\.[^']*' has no exported member (?:named )?'(\w+)'/,
    /TS(?:2339|2551): Property '(\w+)' does not exist on type/,
    /TS2307: Cannot find module '(\.[^']+)'/,
    /TS(?:2353|2561): .*?'(\w+)' does not exist in type/,
  ]);
};

const ofCLibrary =
  /^(?:main\b|std::|testing::|Catch::|doctest::|boost::)|\b(?:gtest|gmock|catch|doctest|unity|cmocka|boost)\b/;

const c: ReadError = (error, { text, path }) => {
  // The compiler and the linker speak of all files at once.
  const place = /^(?:.*: )?([^\s:]+\.\w+):(?:\d|\(\.text)/.exec(error)?.[1];
  if (place !== undefined && basename(place) !== basename(path)) return null;
  const unknown =
    /[‘']([^'’]+)['’] (?:is not a member of|was not declared in this scope|has not been declared)/.exec(
      error,
    )?.[1];
  if (/is not a member of [‘'](?:std|testing)\b/.test(error)) return null;
  if (/ is defined in header [‘']</.test(error) || (unknown !== undefined && isOfCpp(unknown))) return null;
  if (unknown !== undefined) return /^\w+$/.test(unknown) && isNamedAsCode(unknown, text) ? unknown : null;
  const name = firstOf(error, [
    /undefined reference to [`‘']([^'’]+)['’]/,
    /has no member named [‘']([^'’]+)['’]/,
    /fatal error: (\S+\.h\w*): No such file/,
    /too (?:many|few) arguments to (?:method|function) [‘']([^'’]+)['’]/,
  ]);
  return name === null || ofCLibrary.test(name) ? null : name;
};

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
