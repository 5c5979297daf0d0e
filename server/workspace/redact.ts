import { formsOf } from "./secret-forms.ts";

/** What replaces a secret. */
export const REDACTED = "[redacted]";

/** Values that are recognised by their form, anywhere. */
const forms: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)/g,
  /\bsk-[A-Za-z0-9_-]{16,}/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\bhf_[A-Za-z0-9]{20,}/g,
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/g,
  /\bnpm_[A-Za-z0-9]{30,}/g,
  /\bpypi-[A-Za-z0-9_-]{30,}/g,
  /\b(?:dckr_pat_|dop_v1_|shpat_|lin_api_|gsk_|whsec_|hvs\.|ya29\.|GOCSPX-|xapp-)[A-Za-z0-9_-]{20,}/g,
  /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,}/g,
  /\bAGE-SECRET-KEY-1[A-Z0-9]{20,}/g,
  /\bhttps:\/\/hooks\.slack\.com\/services\/[A-Za-z0-9/]{20,}/g,
  /\beyJ[A-Za-z0-9_-]{8,500}\.eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]+/g,
];

/**
 * Values that are recognised by what precedes them; that part stays. Every repetition in front of one is
 * bounded, or a long text without blanks would take quadratic time.
 */
const named: readonly RegExp[] = [
  /(\b(?:bearer|basic)\s+)[A-Za-z0-9+/=._~-]{12,}/gi,
  /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@"']{1,200}:)[^\s/@"']{1,500}(?=@)/gi,
  // The forms in configuration files of npm, git, AWS, Kubernetes, netrc and Azure.
  /((?:^|[\s:])_(?:authToken|auth|password)[ \t]{0,9}=[ \t]{0,9})[^\s"']{6,}/gm,
  /(\baws_(?:secret_access_key|session_token)[ \t]{0,9}=[ \t]{0,9})[^\s"']{16,}/gi,
  /(\bclient-key-data:[ \t]{0,9})[A-Za-z0-9+/=]{16,}/g,
  /(\bmachine\s{1,9}\S{1,200}\s{1,9}login\s{1,9}\S{1,200}\s{1,9}password\s{1,9})\S+/g,
  /(\bAccountKey=)[A-Za-z0-9+/=]{16,}/g,
  // `apiKey = "…"`, `"password": "…"`, `TOKEN=…`: the quoted value, or a long one without quotes.
  /((?:api[-_]?key|secret|token|passw(?:or)?d|credential)s?\w{0,40}\\?["']?\s{0,9}[:=]\s{0,9}\\?["'`])[^"'`\\\s]{6,}(?=\\?["'`])/gi,
  /(^[ \t]{0,40}(?:export[ \t]+)?[A-Z0-9_]{0,60}(?:KEY|SECRET|TOKEN|PASSWORD|CREDENTIALS?)[A-Z0-9_]{0,60}=)[^\s"'`]{8,}/gm,
];

/** Names of environment variables whose values are secrets. */
const secretName = /key|token|secret|password|passwd|credential/i;
/** Shorter values occur in too many texts by chance. */
const SHORTEST_VALUE = 8;

/** Secret values of the environment. The longest come first, because one may contain another. */
const secretsOf = (environment: NodeJS.ProcessEnv): string[] =>
  Object.entries(environment)
    .flatMap(([name, value]) =>
      secretName.test(name) && value !== undefined && value.trim().length >= SHORTEST_VALUE
        ? [value.trim()]
        : [],
    )
    .sort((one, other) => other.length - one.length);

/** Secret values that nobody may read: those of the environment, and those that were looked up since. */
export class KnownSecrets {
  readonly #values: string[];

  constructor(environment: NodeJS.ProcessEnv) {
    this.#values = secretsOf(environment);
  }

  /** The longest come first. It is always the same list, which grows. */
  get values(): readonly string[] {
    return this.#values;
  }

  /**
   * Also adds the token in the value of an `Authorization` header, because a service may repeat only that. Blanks at
   * the ends do not count: a key from a file ends with a line break.
   */
  add(value: string): void {
    const trimmed = value.trim();
    const token = /^(?:bearer|basic|token) +(\S+)$/i.exec(trimmed)?.[1] ?? "";
    for (const secret of [trimmed, token])
      if (secret.length >= SHORTEST_VALUE && !this.#values.includes(secret)) this.#values.push(secret);
    this.#values.sort((one, other) => other.length - one.length);
  }
}

/** The forms of the secrets of each list, which a list grows and does not change. */
const knownForms = new WeakMap<readonly string[], Map<string, (string | RegExp)[]>>();

const formsIn = (known: readonly string[], secret: string): (string | RegExp)[] => {
  const all = knownForms.get(known) ?? new Map<string, (string | RegExp)[]>();
  knownForms.set(known, all);
  const ownForms = all.get(secret) ?? formsOf(secret);
  all.set(secret, ownForms);
  return ownForms;
};

/** The text without the secrets, as they are, escaped for JSON and URLs, and in base64. */
export const withoutSecrets = (text: string, known: readonly string[]): string =>
  known.reduce(
    (clean, secret) =>
      formsIn(known, secret).reduce<string>((part, form) => part.replaceAll(form, REDACTED), clean),
    text,
  );

/**
 * The text without known secrets and without text that has the form of a secret. The form is a guess, and
 * removes too much rather than too little.
 */
export const redactText = (text: string, known: readonly string[]): string => {
  let clean = withoutSecrets(text, known);
  for (const form of forms) clean = clean.replace(form, REDACTED);
  for (const form of named) clean = clean.replace(form, `$1${REDACTED}`);
  return clean;
};

/** The same for every text in a value of JSON; names of fields stay as they are. */
export const redactValue = (value: unknown, known: readonly string[]): unknown => {
  if (typeof value === "string") return redactText(value, known);
  if (Array.isArray(value)) return value.map((item: unknown) => redactValue(item, known));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]: [string, unknown]) => [name, redactValue(item, known)]),
  );
};
