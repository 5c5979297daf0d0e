import { type Plugin, transform } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";

/** Leaves out zod's messages in forty other languages, which are a third of every bundle. */
export const englishAlone: Plugin = {
  name: "english-alone",
  setup: (bundle) => {
    bundle.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

const zodSettings =
  /\(_a = globalThis\)\.__zod_globalConfig[^\n]*\nexport const globalConfig = globalThis\.__zod_globalConfig;/;

/**
 * Has zod interpret its schemas. Compiling a parser for each one takes a sixth of a command's start,
 * more than a run's records take to check. The settings become ours alone: zod shares them with every
 * other copy in the process, and an extension host has the copies of other extensions.
 */
export const schemasInterpreted: Plugin = {
  name: "schemas-interpreted",
  setup: (bundle) => {
    bundle.onLoad({ filter: /zod[\\/]v4[\\/]core[\\/]core\.js$/ }, async ({ path }) => {
      const code = await readFile(path, "utf8");
      const contents = code.replace(zodSettings, "export const globalConfig = { jitless: true };");
      if (contents === code) throw new Error(`${path} sets zod up in another way than expected`);
      return { contents };
    });
  },
};

const drawing =
  /^(d3|d3-.*|dagre-d3-es.*|cytoscape.*|elkjs.*|katex|roughjs|marked|stylis|layout-base|@iconify\/.*|@upsetjs\/.*)$/;

/** Our own files draw the dashboard's charts with parts of d3, which import each other. */
const drawsCharts = /^(?!.*[\\/]node_modules[\\/])|[\\/]node_modules[\\/]d3-[^\\/]+[\\/]/;

/** Leaves out what Mermaid draws with, half of it: the runtime only reads diagrams. */
export const nothingDrawn: Plugin = {
  name: "nothing-drawn",
  setup: (bundle) => {
    bundle.onResolve({ filter: drawing }, ({ path, importer }) =>
      drawsCharts.test(importer) ? undefined : { path, namespace: "drawing" },
    );
    // cytoscape is given its layouts as soon as the diagrams of architecture are loaded.
    bundle.onLoad({ filter: /.*/, namespace: "drawing" }, () => ({ contents: "exports.use = () => {};" }));
  },
};

/** Has the instrumenter import the parts of Babel that it would look up by their places, and no schema. */
export const babelInPlace: Plugin = {
  name: "babel-in-place",
  setup: (bundle) => {
    bundle.onLoad({ filter: /stryker-mutator[\\/]api[\\/].*stryker-options-schema\.js$/ }, () => ({
      contents: "export const strykerCoreSchema = {};",
    }));
    bundle.onLoad(
      { filter: /instrumenter[\\/]dist[\\/]src[\\/]parsers[\\/]ts-parser\.js$/ },
      async ({ path }) => {
        const imports: string[] = [];
        const code = (await readFile(path, "utf8")).replace(
          /require\.resolve\(('[^']+')\)/g,
          (_, name: string) => `part${imports.push(`import part${imports.length + 1} from ${name};`)}`,
        );
        return { contents: `${imports.join("\n")}\n${code}` };
      },
    );
  },
};

/**
 * esbuild writes ASCII, but for regular expressions. One character beyond it makes V8 keep all of a
 * file in two bytes each.
 */
const ascii = (code: string): string =>
  code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/**
 * Writes ES modules as CommonJS: esbuild splits the former alone, hosts load the latter faster. The
 * build is one with `write: false` and without source maps or with inline ones.
 */
export const asCommonJs = (banner: string): Plugin => ({
  name: "as-commonjs",
  setup: (bundle) => {
    bundle.onEnd(async ({ outputFiles = [] }) => {
      for (const { path, text } of outputFiles) {
        const { code, map } = await transform(text, {
          platform: "node",
          format: "cjs",
          minify: true,
          supported: { "dynamic-import": false },
          banner,
          sourcemap: "external",
          sourcesContent: false,
          // What there was to warn of was said when the modules were bundled.
          logLevel: "error",
        });
        const hasMap = bundle.initialOptions.sourcemap === "inline";
        if (hasMap) await writeFile(`${path}.map`, map);
        const link = hasMap ? `//# sourceMappingURL=${basename(path)}.map\n` : "";
        await writeFile(path, ascii(code) + link);
      }
    });
  },
});
