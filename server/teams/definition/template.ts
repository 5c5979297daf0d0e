/** A prompt with variables, as a list of literal texts and the names in `{{…}}`. */
type Template = readonly { text: string; variable: string | null }[];

const compile = (prompt: string): Template => {
  const parts = [];
  let end = 0;
  // The length is bounded, so that the search does not take long if many openings are never closed.
  for (const match of prompt.matchAll(/\{\{([^}]{0,200})\}\}/g)) {
    const [written, inside = ""] = match;
    const variable = inside.trim();
    parts.push({ text: prompt.slice(end, match.index), variable: null }, { text: written, variable });
    end = match.index + written.length;
  }
  return [...parts, { text: prompt.slice(end), variable: null }];
};

/** The maximum number of kept templates. The teams of a workspace have fewer. */
const MOST_KEPT = 200;
/** Templates by their text, so that they are never out of date. */
const compiled = new Map<string, Template>();

const compiledOnce = (prompt: string): Template => {
  const template = compiled.get(prompt) ?? compile(prompt);
  if (compiled.size >= MOST_KEPT) compiled.clear();
  compiled.set(prompt, template);
  return template;
};

/** The names of the variables in a prompt, in order. */
export const variablesIn = (prompt: string): string[] =>
  compiledOnce(prompt).flatMap(({ variable }) => variable ?? []);

/** A prompt with its variables replaced by values. A variable without a value stays unchanged. */
export const fillPrompt = (prompt: string, values: ReadonlyMap<string, string>): string =>
  compiledOnce(prompt)
    .map(({ text, variable }) => (variable === null ? text : (values.get(variable) ?? text)))
    .join("");
