/*
 * Finds conditions that do not depend on the input: they use only the language and its standard library. Where
 * the tests run, such a condition has the same result for every input.
 */

/** Standard modules of Node and Python that can tell where the code runs. */
const scriptModules =
  /^(?:node:)?(?:fs|fs\/promises|path|path\/posix|url|util|child_process|net|dns|http|https|readline|timers|test|sqlite|sea|wasi)$/;
const pythonModules =
  /^(?:pathlib|glob|importlib|importlib\.\w+|pkgutil|shutil|socket|platform|inspect|time|datetime|tempfile|subprocess|locale|uuid|traceback|weakref|stat|io|types|ctypes|codecs|select|zoneinfo|runpy|linecache|tokenize|dis|code|pdb|trace|timeit|calendar|ast|symtable|zipimport|imp|ensurepip|venv|webbrowser|posix|nt|fcntl|termios|pty|tty|curses|readline|rlcompleter)$/;
/** Globals of both languages that can tell where the code runs. */
const tellingGlobals = new Set(
  [
    "Date Intl Error Function Symbol Reflect WeakRef FinalizationRegistry setTimeout setInterval setImmediate",
    "clearTimeout clearInterval console Temporal SharedArrayBuffer Atomics globalThis global",
    "__spec__ __loader__ __builtins__",
  ].flatMap((names) => names.split(" ")),
);
/** Keywords and constants of both languages. */
const keywords = new Set(
  [
    "typeof new instanceof in of not is None True False null undefined true false await void lambda for if else and or",
    "NaN Infinity",
  ].flatMap((names) => names.split(" ")),
);
/** Functions that can tell where the code runs. If a name is not called, it is a variable. */
const tellingFunctions = new Set("gc eval globals locals vars dir open print id __import__".split(" "));
/** Names and functions that tell nothing about where the code runs. */
const neutral = new Set(
  "Math JSON Object Array Number String Boolean BigInt Map Set RegExp Buffer re math".split(" "),
);
const neutralFunctions = new Set(
  (
    "parseInt parseFloat isNaN len str int float bool list dict set tuple any all sum min max sorted abs repr " +
    "type isinstance hasattr getattr"
  ).split(" "),
);
/** Parts that differ between platforms, and not between a test and another program. */
const ofPlatform =
  /\.(?:sep|delimiter|win32|posix|system|machine|release|processor|architecture|python_\w+|mac_ver|win32_ver|name_max|has_\w+|captureStackTrace)\b/;
/** What may be installed or not; a test runner is a sign. */
const isOptional = (line: string): boolean =>
  /\b(?:which|find_spec|find_loader|resolve|metadata|version)\b/.test(line) &&
  !/pytest|jest|mocha|vitest|coverage|hypothesis|tox|\btests?\b|conftest/.test(line);

const text = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
const pattern = /(?<=[(,=:[!&|?{};]\s*)\/(?:[^/\\\n]|\\.)+\/[a-z]*/g;
/** The end of a part of a line that could be a condition. */
const ending = /\?(?![.?])|&&|\|\||\band\b|\bor\b|\belse\b/g;
const beginning =
  /=>|\b(?:return|if|elif|while|and|or|not|lambda|yield|else)\b|(?<![=!<>+\-*/%])=(?!=|>)|[;{}?]|&&|\|\||,\s/g;
const compares = /[!=]==?|[<>]|\(|\bis\b|\bin\b/;

/** The part of the text after its last unclosed bracket. */
const afterOpen = (part: string): string => {
  let depth = 0;
  for (let at = part.length - 1; at >= 0; at -= 1) {
    const letter = part[at] ?? "";
    if (")]".includes(letter)) depth += 1;
    if ("([".includes(letter)) depth -= 1;
    if (depth < 0) return part.slice(at + 1);
  }
  // A bracket closes that was opened earlier, so the part is not a complete condition.
  return depth > 0 ? "" : part;
};

/** The text between the bracket at this position and its closing bracket. */
const inBrackets = (line: string, start: number): string => {
  let depth = 0;
  for (let at = start; at < line.length; at += 1) {
    if (line[at] === "(") depth += 1;
    if (line[at] === ")") depth -= 1;
    if (depth === 0) return line.slice(start + 1, at);
  }
  return line.slice(start + 1);
};

/** The conditions of a line whose string literals were removed. */
const conditionsIn = (line: string): string[] => {
  const whole = [...line.matchAll(/\b(?:if|while)\s*\(/g)].map(({ 0: words, index }) =>
    inBrackets(line, index + words.length - 1),
  );
  const python = [...line.matchAll(/\b(?:if|elif|while)\s+([^(].*?|\(.*?)(?::\s*(?:#.*)?$|\s+else\b)/g)].map(
    ([, condition = ""]) => condition,
  );
  const inner = [line, ...whole, ...python].flatMap((part) =>
    [...part.matchAll(ending)].map(({ index }) => {
      const before = part.slice(0, index);
      const begins = [...before.matchAll(beginning)].at(-1);
      return afterOpen(begins === undefined ? before : before.slice(begins.index + begins[0].length));
    }),
  );
  const last = [...whole, ...python].flatMap((part) => {
    const end = [...part.matchAll(/&&|\|\||\band\b|\bor\b/g)].at(-1);
    return end === undefined ? [part] : [part.slice(end.index + end[0].length)];
  });
  return [...inner, ...last];
};

interface Name {
  name: string;
  isCalled: boolean;
  /** It is called, or one of its members is read. Otherwise it may be a variable with the same name. */
  isUsed: boolean;
}

/** The names in an expression except members, keys, and parameters of functions inside it. */
const namesOf = (expression: string): Name[] => {
  const own = new Set(
    [...expression.matchAll(/\(?([\w$,\s]+)\)?\s*=>|\bfor\s+([\w,\s]+?)\s+in\b|\blambda\s+([\w,\s]+):/g)]
      .flatMap(([, ...lists]) => lists.join(",").split(","))
      .map((name) => name.trim()),
  );
  return [...expression.matchAll(/(?<![\w$.])[A-Za-z_$][\w$]*(?![\w$])(?!\s*:(?!:))/g)]
    .map(({ 0: name, index }) => {
      const [next = ""] = /^\s*(?:\?\.|[.([])/.exec(expression.slice(index + name.length)) ?? [];
      return { name, isCalled: next.trim() === "(", isUsed: next !== "" };
    })
    .filter(({ name }) => !own.has(name) && !keywords.has(name))
    .filter(
      ({ name, isCalled, isUsed }) =>
        !(isUsed && neutral.has(name)) && !(isCalled && neutralFunctions.has(name)),
    );
};

const counted =
  /^(?:let|var)\s+([\w$]+)\s*(?::\s*number\s*)?=\s*0\s*;?\s*$|^([A-Za-z_]\w*)\s*(?::\s*int\s*)?=\s*0\s*$/;
const increases = /\+\+\s*([\w$]+)|(?<![\w$.])([\w$]+)\s*(?:\+\+|\+=\s*1\b)/g;
const clockKept =
  /^(?:export\s+)?(?:(?:const|let|var)\s+)?([\w$]+)\s*=\s*(?:Date\.now\(\)|new Date\(\)|performance\.now\(\)|process\.hrtime[.\w]*\(\)|new WeakRef\(.*\)|weakref\.ref\(.*\)|time\.(?:time|monotonic|perf_counter)\(\)|(?:datetime\.)?datetime\.(?:now|utcnow)\(\))\s*;?\s*$/;

/** The line with single blanks, because patterns with several `\s` take very long on many of them. */
const narrow = (line: string): string => line.replace(/\s+/g, " ");

const imported = (line: string): string[] => {
  const script =
    /^\s*import\s+(?:([\w$]+)\s*,\s*)?(?:\*\s+as\s+([\w$]+)|\{([^}]*)\}|([\w$]+))\s+from\s+["']([\w:/]+)["']/.exec(
      line,
    ) ??
    /^\s*(?:const|let|var)\s+()()(?:\{([^}]*)\}|([\w$]+))\s*=\s*(?:await\s+)?(?:require|import)\(["']([\w:/]+)["']\)/.exec(
      line,
    );
  if (script !== null) {
    const [, first = "", all = "", list = "", one = "", from = ""] = script;
    return scriptModules.test(from) ? namesInList([first, all, list, one].join(",")) : [];
  }
  const [, from = "", parts = ""] = /^\s*from\s+([\w.]+)\s+import\s+([\w\s,()]+)$/.exec(line) ?? [];
  if (from !== "") return pythonModules.test(from) ? namesInList(parts.replace(/[()]/g, "")) : [];
  const [, modules = ""] = /^\s*import\s+([\w.\s,]+)$/.exec(line) ?? [];
  return modules.split(",").flatMap((each) => {
    const [module = "", name = module.split(".")[0]] = each.trim().split(/\s+as\s+/);
    return pythonModules.test(module) && name !== undefined ? [name] : [];
  });
};

const namesInList = (list: string): string[] =>
  list
    .split(",")
    .map(
      (each) =>
        each
          .trim()
          .split(/\s*:\s*|\s+as\s+/)
          .at(-1) ?? "",
    )
    .filter((name) => /^[\w$]+$/.test(name));

/**
 * Returns a test of whether a line of this source has a condition that does not depend on the input: one about
 * the standard library, the time when the module was loaded, or the number of calls.
 */
export const withoutInput = (source: readonly string[]): ((line: string) => boolean) => {
  const lines = source.map(narrow);
  const telling = new Set([...tellingGlobals, ...lines.flatMap(imported)]);
  /** Variables of the module that contain a time or a number of calls. */
  const kept = new Set<string>();
  const increased = new Set(
    lines.flatMap((line) => [...line.matchAll(increases)].map(([, first, name = first]) => name)),
  );
  for (const line of lines) {
    const [, ofClock] = clockKept.exec(line) ?? [];
    if (ofClock !== undefined) kept.add(ofClock);
    const [, script, name = script] = counted.exec(line) ?? [];
    if (name !== undefined && increased.has(name)) kept.add(name);
  }
  const isQuestion = (condition: string): boolean => {
    if (/^\s*!?\s*\(?\s*typeof\b/.test(condition)) return false;
    const names = namesOf(condition);
    const says = ({ name, isCalled, isUsed }: Name): boolean =>
      kept.has(name) || (isUsed && telling.has(name)) || (isCalled && tellingFunctions.has(name));
    return names.length > 0 && names.every(says) && compares.test(condition);
  };
  return (line) => {
    if (ofPlatform.test(line) || isOptional(line)) return false;
    const plain = narrow(line).replace(text, '""').replace(pattern, '""');
    return conditionsIn(plain).some(isQuestion);
  };
};
