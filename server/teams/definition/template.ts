/** A prompt with variables: literal text, and the names that were in `{{…}}`. */
type Template = readonly { text: string; variable: string | null }[];

const compile = (prompt: string): Template => {
  const parts = [];
  let end = 0;
  // Bounded: an opening that is never closed must not be searched to the end repeatedly.
  for (const match of prompt.matchAll(/\{\{([^}]{0,200})\}\}/g)) {
    const [written, inside = ""] = match;
    const variable = inside.trim();
    parts.push({ text: prompt.slice(end, match.index), variable: null }, { text: written, variable });
    end = match.index + written.length;
  }
  return [...parts, { text: prompt.slice(end), variable: null }];
};

/** More than all stages of a workspace's teams have. */
const MOST_KEPT = 200;
/** By their text alone, so that nothing can be out of date. */
const compiled = new Map<string, Template>();

const compiledOnce = (prompt: string): Template => {
  const template = compiled.get(prompt) ?? compile(prompt);
  if (compiled.size >= MOST_KEPT) compiled.clear();
  compiled.set(prompt, template);
  return template;
};

/** Names of the variables a prompt speaks of, in order. */
export const variablesIn = (prompt: string): string[] =>
  compiledOnce(prompt).flatMap(({ variable }) => variable ?? []);

/** A prompt with its variables filled in; one without a value stays as it is written. */
export const fillPrompt = (prompt: string, values: ReadonlyMap<string, string>): string =>
  compiledOnce(prompt)
    .map(({ text, variable }) => (variable === null ? text : (values.get(variable) ?? text)))
    .join("");
