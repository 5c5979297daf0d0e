const declared = /^[^\S\n]*export\s+(?:async\s+)?(?:function\s*\*?|class|const|let|var)\s+([\w$]+)/gm;
const listed = /^[^\S\n]*export\s*\{([^}]*)\}/gm;
const assigned = /\bexports\.([\w$]+)\s*=(?!=)/g;

const namesExported = (text: string): string[] => [
  ...new Set([
    ...[...text.matchAll(declared), ...text.matchAll(assigned)].map(([, name = ""]) => name),
    ...[...text.matchAll(listed)].flatMap(([, list = ""]) =>
      list.split(",").flatMap(
        (each) =>
          each
            .trim()
            .split(/\s+as\s+/)
            .at(-1)
            ?.match(/^[\w$]+$/) ?? [],
      ),
    ),
  ]),
];

/** A function, object and constructor of which each result and each part is itself. Nothing can be read from it. */
const scriptStub = `const coditectPlain = new Set("then toString valueOf toJSON constructor prototype asymmetricMatch $$typeof".split(" "));
const coditectStub = () => {
  const stub = new Proxy(function () {}, {
    get: (_, key) => (typeof key === "symbol" || coditectPlain.has(key) ? undefined : stub),
    apply: () => stub,
    construct: () => ({}),
  });
  return stub;
};
const coditectShared = (globalThis.coditectShared ??= coditectStub());
`;

const scriptOf = (text: string, shared: readonly string[]): string => {
  const valueOf = (name: string): string => (shared.includes(name) ? "coditectShared" : "coditectStub()");
  const names = namesExported(text);
  if (/^\s*(?:export|import)\b/m.test(text))
    return [
      scriptStub,
      ...names.filter((name) => name !== "default").map((name) => `export const ${name} = ${valueOf(name)};`),
      /^\s*export\s+default\b|\bas\s+default\b/m.test(text)
        ? `export default ${shared.length > 0 ? "coditectShared" : "coditectStub()"};`
        : "",
    ].join("\n");
  const known = [...new Set([...names, ...shared])].map(
    (name) => `${JSON.stringify(name)}: ${valueOf(name)}`,
  );
  return `${scriptStub}const coditectNames = { ${known.join(", ")} };
module.exports = new Proxy(coditectStub(), { get: (target, key) => (typeof key === "symbol" ? undefined : (coditectNames[key] ??= coditectStub())) });
`;
};

const pythonOf = (shared: readonly string[]): string => `import builtins


class _Stub:
    def __call__(self, *args, **kwargs):
        return self

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return self

    __iter__ = None


if not hasattr(builtins, "_coditect_shared"):
    builtins._coditect_shared = _Stub()


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    value = builtins._coditect_shared if name in ${JSON.stringify(shared)} else _Stub()
    globals()[name] = value
    return value
`;

/**
 * A module with the same names, in which nothing can be computed: each part and each result of a name is one thing,
 * which those in \`shared\` have in common.
 */
export const stubOf = (path: string, text: string, shared: readonly string[]): string =>
  path.endsWith(".py") ? pythonOf(shared) : scriptOf(text, shared);
