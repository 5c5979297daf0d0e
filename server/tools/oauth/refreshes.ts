import { z } from "zod";
import type { SecretTexts } from "../secrets.ts";

/** Number of answers that are kept: a late request may send a token that another request has used up meanwhile. */
const MOST_ANSWERS = 100;

interface Answer {
  status: number;
  text: string;
}

/** The refresh token in a request; null if it has none. */
const refreshTokenOf = (body: unknown): string | null =>
  body instanceof URLSearchParams && body.get("grant_type") === "refresh_token"
    ? body.get("refresh_token")
    : null;

const Renewed = z.object({ refresh_token: z.string() });

/** Whether the service gave another refresh token. If not, this one is sent again when the next access token expires. */
const isUsedUp = (token: string, text: string): boolean => {
  try {
    return Renewed.parse(JSON.parse(text)).refresh_token !== token;
  } catch {
    return false;
  }
};

/**
 * Sends each refresh token only once. Many services accept a refresh token once, and some end the login if they get
 * it again. If several calls find an expired token, the later ones get the answer to the first.
 */
export class Refreshes {
  readonly #answers = new Map<string, Promise<Answer>>();
  readonly #refused = new Set<string>();

  /** The fetch that logins use. */
  through(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    return async (input, init) => {
      const token = refreshTokenOf(init?.body);
      if (token === null) return fetch(input, init);
      const { status, text } = await (this.#answers.get(token) ??
        this.#send(token, () => fetch(input, init)));
      return new Response(text, { status, headers: { "content-type": "application/json" } });
    };
  }

  /** Whether a service has refused this token. */
  wasRefused(token: string): boolean {
    return this.#refused.has(token);
  }

  #send(token: string, ask: () => Promise<Response>): Promise<Answer> {
    const sending = ask().then(async (response) => {
      const text = await response.text();
      if (response.status >= 400 && response.status < 500) this.#refused.add(token);
      if (!response.ok || !isUsedUp(token, text)) this.#answers.delete(token);
      return { status: response.status, text };
    });
    sending.catch(() => this.#answers.delete(token));
    this.#answers.set(token, sending);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MOST_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
    return sending;
  }
}

const known = new WeakMap<SecretTexts, Refreshes>();

/** The refreshes of the logins in this storage. All runtimes of this process with the same storage share them. */
export const refreshesOf = (secrets: SecretTexts): Refreshes => {
  const refreshes = known.get(secrets) ?? new Refreshes();
  known.set(secrets, refreshes);
  return refreshes;
};
