import { createHmac, timingSafeEqual } from "node:crypto";

/** Where an owner of a token shows that it has it, without the token being sent. */
export const OWNERSHIP_PATH = "/ownership";

/**
 * What only a holder of the token can answer to a challenge. The port is part of it, so that an answer
 * cannot be fetched from one server and given by another.
 */
export const ownershipProof = (token: string, challenge: string, port: number): string =>
  createHmac("sha256", token).update(`coditect ownership\n${port}\n${challenge}`).digest("base64url");

export const isOwnershipProof = (given: unknown, expected: string): boolean => {
  if (typeof given !== "string") return false;
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
};
