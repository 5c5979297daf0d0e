import { withoutInput } from "./input-free.ts";
import { comment } from "./written-out.ts";

/*
 * Code that asks where it runs, which its input does not say: about its process, its machine, or what else is
 * loaded. What it does elsewhere is not the tests' concern, but a way to deceive them.
 */

/**
 * Modules that describe the process and the machine. Using a part of them counts as a check, except for the
 * parts in `saysLittle`.
 */
const tellingModule =
  /^(?:node:)?(?:process|os|v8|perf_hooks|async_hooks|worker_threads|cluster|diagnostics_channel|inspector|module|vm|tty|trace_events|os\.path|sys|threading|gc|warnings|logging|atexit|faulthandler|signal|resource|multiprocessing|tracemalloc|builtins|site|sysconfig|psutil|getpass|pwd|_thread)$/;
const scriptGlobals = ["process", "performance", "globalThis", "global"];

/**
 * Parts of these modules that do not reveal a test runner: properties of the machine, the clock (which
 * `stable` changes) and output.
 */
const showNoRunner = [
  "platform|arch|versions?|version_info|release|type|EOL|constants|endianness|devNull|machine|maxsize|byteorder",
  "implementation|name|sep|linesep|pathsep|float_info|int_info|hexversion|argv|stdin|stdout|stderr|getsizeof|intern",
  "now|mark|measure|timeOrigin|hrtime|getEntries\\w*|clear\\w+|exc_info|getrecursionlimit|setrecursionlimit",
];
/** Parts of these modules that do work for the code and do not describe anything. */
const workForCode = [
  "exit|exitCode|abort|kill|on|once|off|emit|addListener|remove\\w+|nextTick|emitWarning|loadEnvFile|exports",
  "createRequire|Worker|workerData|MessageChannel|AsyncLocalStorage|AsyncResource|PerformanceObserver|channel",
  "tracingChannel|Script|createContext|runIn\\w+|serialize|deserialize|fspath|makedirs|mkdir|rmdir|rename|walk|chmod",
  "fsencode|fsdecode|PathLike|join|dirname|basename|splitext|split|abspath|normpath|relpath|expanduser|path",
  "Thread|R?Lock|Event|Condition|\\w*Semaphore|Barrier|Timer|local|getLogger|debug|info|warning|warn|error|critical",
  "exception|log|basicConfig|Logger|\\w*Handler|Formatter|LoggerAdapter|[A-Z]+|getLevelName|catch_warnings",
  "simplefilter|filterwarnings|register|signal|Signals|Process|Pool|Queue|Manager|collect|enable|disable|open|close",
];
const saysLittle = new RegExp(`^(?:${[...showNoRunner, ...workForCode].join("|")})$`);

/** Globals that only a page, a server or another engine has. Honest code checks for them. */
const hostGlobal =
  /^(?:window|document|navigator|location|self|performance|crypto|fetch|console|structuredClone|require|\w*[sS]torage|set\w+|clear\w+|queueMicrotask|request\w+|customElements|addEventListener|__REACT\w*|Deno|Bun|Buffer|[A-Z]\w*[a-z]\w*|URL|JSON|CSS)$/;
/** The clock, compared with a literal date. */
const timeBomb =
  /(?:\bDate\.now\(\)|\bnew Date\(\)(?:\.(?:getFullYear|getTime|valueOf)\(\))?|\.now\([\w.]*\)(?:\.year)?|\.today\(\)(?:\.year)?|\btime\.time\(\))\s*[<>]=?\s*(?:\d[\d_]{3,}|\d+e\d+|(?:new )?[Dd]ate(?:time)?(?:\.(?:UTC|parse))?\(["'\d])/;
/** Checks in any form. */
const alwaysAsks =
  /\bprocess\.(?:cwd|env|getuid|pid|ppid|uptime|title|argv)\b|\bos\.(?:hostname|userInfo|homedir|tmpdir|uptime)\b|\bexistsSync\b|\bisTTY\b|\b__(?:dir|file)name\b|\bimport\.meta\.(?:url|dirname|filename|env)\b|\btypeof\s+(?:__\w+|[A-Z][A-Z\d]*_\w*)\b|\bhasattr\(\s*(?:sys|os|builtins)\s*,\s*["']_|\bmodule\.(?:parent|children)\b|\bstackTraceLimit\b|\bgetLogger\(\)\.(?:handlers|hasHandlers)\b|\b(?:type|isinstance)\(\s*sys\.std\w+|\bsys\.std\w+(?:\.(?:closed|isatty|encoding|readable|writable)\b|\s+is\b)/;

const words = String.raw`[\w$]+(?:\s+as\s+[\w$]+)?`;
const scriptImport = new RegExp(
  String.raw`^\s*import\s+(?:\*\s+as\s+)?([\w$]+|\{[^}]*\})\s+from\s+["']([\w:]+)["']`,
);
const scriptRequire =
  /^\s*(?:const|let|var)\s+([\w$]+|\{[^}]*\})\s*=\s*(?:await\s+)?(?:require|import|process\.getBuiltinModule)\(["']([\w:]+)["']\)/;
const pythonFrom = /^\s*from\s+([\w.]+)\s+import\s+([\w\s,()]+)$/;
const pythonImport = new RegExp(String.raw`^\s*import\s+(${words}(?:\s*,\s*${words})*)\s*$`);

interface Names {
  /** The names of these modules in the source. */
  modules: Set<string>;
  /** The names that the source imports from such a module. */
  members: Set<string>;
}

/** The names in a list such as `{ a, b as c }`, each with its original name. */
const namesIn = (list: string): { name: string; original: string }[] =>
  list
    .replace(/[{}()]/g, "")
    .split(",")
    .flatMap((each) => {
      const [original = "", name = original] = each.trim().split(/\s*:\s*|\s+as\s+/);
      return /^[\w$]+$/.test(original) && /^[\w$]+$/.test(name) ? [{ name, original }] : [];
    });

/** Adds the names that a line imports. Returns false if the line imports nothing. */
const addImports = (line: string, { modules, members }: Names): boolean => {
  const plain = pythonImport.exec(line)?.[1];
  if (plain !== undefined) {
    for (const { name, original } of namesIn(plain)) if (tellingModule.test(original)) modules.add(name);
    return true;
  }
  const [, python = "", parts = ""] = pythonFrom.exec(line) ?? [];
  const [, taken = parts, from = python] = scriptImport.exec(line) ?? scriptRequire.exec(line) ?? [];
  if (from === "") return false;
  if (!tellingModule.test(from)) return true;
  if (/^[\w$]+$/.test(taken) && python === "") modules.add(taken);
  else for (const { name, original } of namesIn(taken)) if (!saysLittle.test(original)) members.add(name);
  return true;
};

const anyOf = (names: Iterable<string>): string =>
  [...names].map((name) => name.replaceAll("$", String.raw`\$`)).join("|");

/** Whether a call has an argument that belongs to the code. If so, the result describes that argument. */
const isAboutInput = (given: string): boolean =>
  /[A-Za-z_$]/.test(given.replace(/"[^"]*"|'[^']*'|`[^`]*`|\b[A-Z]\w*/g, ""));

/** The arguments of the call that begins at this position of the line. Empty if there is no call. */
const givenAt = (line: string, start: number): string => {
  if (line[start] !== "(") return "";
  let depth = 0;
  for (let at = start; at < line.length; at += 1) {
    if (line[at] === "(") depth += 1;
    if (line[at] === ")") depth -= 1;
    if (depth === 0) return line.slice(start + 1, at);
  }
  return line.slice(start + 1);
};

/** Whether a line uses something that these names refer to. */
const questionIn = ({ modules, members }: Names): ((line: string) => boolean) => {
  const ofModule = new RegExp(
    String.raw`(?<![\w$.]|\bin\s)(?:${anyOf(modules)})(?:\.path(?=\.))?\??\.([\w$]+)`,
    "g",
  );
  const ofMember = new RegExp(String.raw`(?<![\w$.])(?:${anyOf(members)})(?![\w$])`, "g");
  return (line) => {
    const isAsked = ({ 0: words, index }: RegExpExecArray): boolean =>
      !isAboutInput(givenAt(line, index + words.length));
    return (
      [...line.matchAll(ofModule)].some(
        (found) => !saysLittle.test(found[1] ?? "") && !hostGlobal.test(found[1] ?? "") && isAsked(found),
      ) ||
      (members.size > 0 && [...line.matchAll(ofMember)].some(isAsked))
    );
  };
};

/** A default for a missing value. */
const fallback =
  /(?:\?\?|\|\||\bor\b)\s*(?:"[^"]*"|'[^']*'|`[^`]*`|-?\d[\d_.]*|null|undefined|None|true|false|True|False|\[\]|\{\})(?=[\s;,)\]}]|$)/g;
const choice = /\?(?![.?])|\?\?|&&|\|\||\b(?:if|while|else|or|and|not|in|is)\b|[!=]==?|[<>]/;
/** Whether a line only uses a value of the machine or a default. Its code is the same on every machine. */
const onlyFallsBack = (line: string): boolean => {
  const rest = line.replace(fallback, "");
  return rest !== line && !choice.test(rest.replaceAll("=>", ""));
};

/** A line that assigns a value to a name, or begins a function of that name that returns it. */
const keeps = /^\s*(?:export\s+)?(?:const|let|var)\s+([\w$]+|\{[^}]*\})\s*=(?!=)|^([\w$]+)\s*=(?!=)/;
/** A boolean value. */
const saysYesOrNo =
  /[!=]==?|[<>]|\b(?:some|every|includes|startsWith|endsWith|test|startswith|endswith|any|is|in|not)\b|\bexistsSync\(|[^=]!\w/;
/** A longer line was not written by hand. */
export const LONGEST_LINE = 1000;

/** A line that leaves its block or continues on the next lines. The lines below depend on it. */
const goesOn =
  /\b(?:return|throw|raise|continue|break|if|while|elif)\b[^;]*(?:[{:(?,]\s*$|\b(?:return|throw|raise|continue|break)\b)|[{:(?,=]\s*$/;

/**
 * The lines of a source, counted from 1, that check where the code runs, or use a stored result of such a
 * check. Also says whether lines below may depend on the result.
 *
 * @param isCondition whether other code depends on the result of the line
 */
export const asksWhere = (
  text: string,
  isCondition: (line: number) => boolean,
): ReadonlyMap<number, boolean> => {
  const lines = text
    .split("\n")
    .map((line) => (line.search(comment) === 0 || line.length > LONGEST_LINE ? "" : line));
  const names: Names = { modules: new Set(scriptGlobals), members: new Set() };
  const rest = lines.map((line) => (addImports(line, names) ? "" : line));
  const isQuestion = questionIn(names);
  const isWithoutInput = withoutInput(lines);
  const asking = new Map<number, boolean>();
  const kept = new Set<string>();
  rest.forEach((line, index) => {
    const always = alwaysAsks.test(line) || timeBomb.test(line);
    if ((!always && !isQuestion(line)) || onlyFallsBack(line)) {
      if (isCondition(index + 1) && isWithoutInput(line)) asking.set(index + 1, goesOn.test(line));
      return;
    }
    if (always || isCondition(index + 1)) asking.set(index + 1, always || goesOn.test(line));
    const [, list = "", plain = list] = keeps.exec(line) ?? [];
    if (always && !saysYesOrNo.test(line)) return;
    for (const { name } of namesIn(plain)) kept.add(name);
  });
  if (kept.size === 0) return asking;
  const ofKept = new RegExp(String.raw`(?<![\w$.])(?:${anyOf(kept)})(?![\w$])`);
  rest.forEach((line, index) => {
    if (ofKept.test(line) && isCondition(index + 1) && asking.get(index + 1) !== true)
      asking.set(index + 1, goesOn.test(line));
  });
  return asking;
};
