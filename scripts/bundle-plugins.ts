import type { Plugin } from "esbuild";

/** Leaves out zod's messages in forty other languages, which are a third of every bundle. */
export const englishAlone: Plugin = {
  name: "english-alone",
  setup(bundle) {
    bundle.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

const drawing =
  /^(d3|d3-.*|dagre-d3-es.*|cytoscape.*|elkjs.*|katex|roughjs|marked|stylis|layout-base|@iconify\/.*|@upsetjs\/.*)$/;

/** Leaves out what Mermaid draws with, half of it: the runtime only reads diagrams. */
export const nothingDrawn: Plugin = {
  name: "nothing-drawn",
  setup(bundle) {
    bundle.onResolve({ filter: drawing }, ({ path }) => ({ path, namespace: "drawing" }));
    // cytoscape is given its layouts as soon as the diagrams of architecture are loaded.
    bundle.onLoad({ filter: /.*/, namespace: "drawing" }, () => ({ contents: "exports.use = () => {};" }));
  },
};
