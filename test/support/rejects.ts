import assert from "node:assert/strict";
import { CoditectError, type ErrorCode } from "../../schemas/errors.ts";

const isOf =
  (code: ErrorCode) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof CoditectError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };

/** Asserts that the work rejects with this error of the catalogue. */
export const rejectsWith = (work: Promise<unknown>, code: ErrorCode): Promise<void> =>
  assert.rejects(work, isOf(code));

/** Asserts that the work throws this error of the catalogue. */
export const throwsWith = (work: () => unknown, code: ErrorCode): void => {
  assert.throws(() => {
    work();
  }, isOf(code));
};
