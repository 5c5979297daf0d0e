import assert from "node:assert/strict";
import { errorCatalogue } from "../../../schemas/error-catalogue.ts";
import { fail, fromWireError, toWireError } from "../../../schemas/errors.ts";
import { createLocalizer } from "../../../schemas/localizer.ts";

describe("an error of the catalogue that came over a connection", () => {
  const sent = toWireError(
    fail("credential_missing", { provider: "Claude", variable: "ANTHROPIC_API_KEY", name: "claude" }),
  );

  it("is told in the editor's language, with its data in their places", () => {
    const { message, next } = errorCatalogue.credential_missing;
    const l10n = createLocalizer({
      [message]: "Kein Schlüssel für {provider}.",
      [next]: "Setze {variable}.",
    });
    const told = fromWireError(sent, l10n);
    assert.equal(told.message, "Kein Schlüssel für Claude.");
    assert.equal(told.nextStep, "Setze ANTHROPIC_API_KEY.");
  });

  it("is told as it was sent where there is no translation", () => {
    const told = fromWireError(sent, createLocalizer({}));
    assert.deepEqual(toWireError(told), sent);
  });
});
