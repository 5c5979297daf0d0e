/** Fields that say which record a call is about. Their values are ids and names, never content. */
const naming = [
  "agent_id",
  "alert_id",
  "change_set_id",
  "execution_id",
  "finding_id",
  "instance_id",
  "key",
  "lesson_id",
  "model",
  "name",
  "sha256",
  "task_id",
  "team_id",
  "token_id",
  "user",
] as const;

const MOST_CHARACTERS = 200;

const pick = (value: unknown): [string, string][] =>
  typeof value !== "object" || value === null
    ? []
    : naming.flatMap((name): [string, string][] => {
        const found: unknown = Reflect.get(value, name);
        return typeof found === "string" ? [[name, found.slice(0, MOST_CHARACTERS)]] : [];
      });

/** Which records a call was about, from its params and its answer. */
export const recordsOf = (params: unknown, answer: unknown): Record<string, string> => {
  const token: unknown =
    typeof answer === "object" && answer !== null ? Reflect.get(answer, "token") : undefined;
  return Object.fromEntries([...pick(token), ...pick(answer), ...pick(params)]);
};
