import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import {
  createConnection,
  ProposedFeatures,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { editorSecretsOver } from "../../../../server/surfaces/lsp/editor-secrets.ts";
import { heldSecrets } from "../../../support/open-tools.ts";

describe("secrets in an editor that keeps logins", () => {
  it("are read where the command line stored them, without asking the editor", async () => {
    const stored = heldSecrets();
    await stored.setText("secret:tracker", "a private key");
    const [toServer, toEditor] = [new PassThrough(), new PassThrough()];
    const streams = [new StreamMessageReader(toServer), new StreamMessageWriter(toEditor)] as const;
    const connection = createConnection(ProposedFeatures.all, ...streams);
    connection.listen();
    // Nobody answers at the other end.
    const secrets = editorSecretsOver(connection, stored);
    assert.equal(await secrets.text("secret:tracker"), "a private key");
    assert.equal(await secrets.text("secret:other"), null);
    assert.equal(toEditor.read(), null);
    connection.dispose();
  });
});
