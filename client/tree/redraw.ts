import type { Touch } from "./fold.ts";

export interface RedrawOptions {
  /** Runs `flush` later, at a pace that drawing can keep. */
  schedule: (flush: () => void) => void;
  parent: (node: string) => string | null;
  /** Whether the node now has another line than the one that was drawn, so that its parent must be drawn. */
  isReplaced?: (node: string) => boolean;
  roots: readonly string[];
  /** Draws these again; `null`: everything. */
  draw: (nodes: string[] | null) => void;
}

/**
 * Gathers touched nodes and draws each at most once per flush. A node below another touched one is
 * left out, because drawing a node draws what is below it.
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
    // One whose line is above all others makes another list.
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
