import type { Touch } from "./fold.ts";

export interface RedrawOptions {
  /** Runs `flush` later, at a rate that VS Code can draw. */
  schedule: (flush: () => void) => void;
  parent: (node: string) => string | null;
  /** Whether the node has another line than the drawn one, so that its parent must be redrawn. */
  isReplaced?: (node: string) => boolean;
  roots: readonly string[];
  /** Redraws these nodes. `null`: everything. */
  draw: (nodes: string[] | null) => void;
}

/**
 * Collects touched nodes and draws each at most once per flush. Leaves out a node below another touched one,
 * because drawing a node also draws everything below it.
 */
export const createRedraw = ({
  schedule,
  parent,
  isReplaced = () => false,
  roots,
  draw,
}: RedrawOptions): Touch => {
  const touched = new Set<string>();

  const isCovered = (node: string): boolean => {
    for (let above = parent(node); above !== null; above = parent(above)) if (touched.has(above)) return true;
    return false;
  };
  const flush = () => {
    // A node at the top level changes the list itself.
    let all = roots.some((root) => touched.has(root));
    for (const node of all ? [] : touched) {
      if (!isReplaced(node)) continue;
      const above = parent(node);
      if (above === null) all = true;
      else touched.add(above);
    }
    const nodes = all ? null : [...touched].filter((node) => !isCovered(node));
    touched.clear();
    draw(nodes);
  };
  return (node) => {
    if (touched.size === 0) schedule(flush);
    touched.add(node);
  };
};
