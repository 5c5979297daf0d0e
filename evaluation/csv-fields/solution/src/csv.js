const plain = (text, start) => {
  const end = start + text.slice(start).search(/,|\r?\n|$/);
  return [text.slice(start, end), end];
};

const quoted = (text, start) => {
  let field = "";
  for (let from = start + 1; ;) {
    const quote = text.indexOf('"', from);
    if (quote === -1) throw new SyntaxError("a quote is never closed");
    field += text.slice(from, quote);
    if (text[quote + 1] !== '"') return [field, quote + 1];
    field += '"';
    from = quote + 2;
  }
};

/** Records of a CSV text (RFC 4180), each a list of its fields. Throws a SyntaxError for an open quote. */
export const parseCsv = (text) => {
  const records = [];
  let record = [];
  for (let position = 0; position < text.length || record.length > 0;) {
    const [field, end] = text[position] === '"' ? quoted(text, position) : plain(text, position);
    record.push(field);
    position = end + (text.startsWith("\r\n", end) ? 2 : 1);
    if (text[end] === ",") continue;
    records.push(record);
    record = [];
  }
  return records;
};

/** The same as objects, by the names in the first record. */
export const parseTable = (text) => {
  const [names = [], ...records] = parseCsv(text);
  return records.map((fields) => Object.fromEntries(names.map((name, index) => [name, fields[index] ?? ""])));
};
