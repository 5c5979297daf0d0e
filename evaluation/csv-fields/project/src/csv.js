/** Records of a CSV text, each a list of its fields. */
export const parseCsv = (text) => text.split("\n").map((line) => line.split(","));

/** The same as objects, by the names in the first record. */
export const parseTable = (text) => {
  const [names = [], ...records] = parseCsv(text);
  return records.map((fields) => Object.fromEntries(names.map((name, index) => [name, fields[index] ?? ""])));
};
