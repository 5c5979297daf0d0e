import type { Finding } from "../../../schemas/findings.ts";
import { type Edit, follow, place, type Placed, searchedText, settle } from "./locate.ts";

/**
 * The open findings of one workspace folder, each with its position in the current text of its file. Paths
 * are workspace paths.
 */
export interface FindingTracker {
  /** Updates a finding from the store. Removes it if it is no longer open. Returns its path. */
  put(finding: Finding): string;
  /** Moves the expected positions of a file's findings along with an edit. */
  edit(path: string, edit: Edit): void;
  /** Finds the findings of a file in its text. See {@link settle}. */
  settle(path: string, text: string, isThorough: boolean): void;
  of(path: string): readonly Placed[];
  find(findingId: string): Placed | null;
  /** Files that have open findings. */
  paths(): string[];
  /** Located findings of a category, in all files. */
  ofCategory(category: string): readonly Placed[];
}

export const createFindingTracker = (): FindingTracker => {
  const byPath = new Map<string, Map<string, Placed>>();
  const of = (path: string): Placed[] => [...(byPath.get(path)?.values() ?? [])];
  const all = (): Placed[] => [...byPath.keys()].flatMap(of);
  const update = (path: string, change: (placed: Placed) => Placed): void => {
    for (const placed of of(path)) byPath.get(path)?.set(placed.finding.finding_id, change(placed));
  };

  return {
    put: (finding) => {
      const { path, finding_id } = finding;
      const ofFile = byPath.get(path) ?? new Map<string, Placed>();
      const known = ofFile.get(finding_id);
      if (finding.status === "Open") ofFile.set(finding_id, known ? { ...known, finding } : place(finding));
      else ofFile.delete(finding_id);
      if (ofFile.size === 0) byPath.delete(path);
      else byPath.set(path, ofFile);
      return path;
    },
    edit: (path, edit) => {
      update(path, (placed) => follow(placed, edit));
    },
    settle: (path, text, isThorough) => {
      const searched = searchedText(text);
      update(path, (placed) => settle(placed, searched, isThorough));
    },
    of,
    find: (findingId) => all().find(({ finding }) => finding.finding_id === findingId) ?? null,
    paths: () => [...byPath.keys()],
    ofCategory: (category) =>
      all().filter(({ finding, line }) => finding.category === category && line !== null),
  };
};
