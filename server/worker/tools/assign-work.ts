import { findFile } from "./files.ts";
import { linesOf } from "./lines.ts";
import { done, refused, type Tool } from "./tool.ts";

/** Takes an assignment if each place in it is there: the runtime acts on the last one that was taken. */
export const assignWork: Tool<"assign_work"> = ({ files, suspects, documentation_needed }, { copy }) => {
  const missing = files
    .filter((path) => findFile(copy, path) === null)
    .map((path) => `${path} does not exist.`);
  const misplaced = suspects.flatMap(({ path, start_line, end_line }) => {
    const file = findFile(copy, path);
    if (file === null) return [`${path} does not exist.`];
    const lines = Math.max(1, linesOf(file.text).length);
    return start_line > end_line || end_line > lines
      ? [`${path} has ${lines} lines; ${start_line} to ${end_line} is out of range.`]
      : [];
  });
  const problems = [...new Set([...missing, ...misplaced])];
  if (problems.length > 0) return refused(`Nothing was assigned. ${problems.join(" ")}`);
  const documents = documentation_needed ? "Documents are going to be changed." : "No document is changed.";
  return done(`Assigned. ${documents} Now call finish.`);
};
