import assert from "node:assert/strict";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSettings } from "../../../server/runtime/settings-source.ts";
import { ownUserFolder } from "../../support/user-folder.ts";

describe("a login in an address of the settings", () => {
  const user = ownUserFolder();
  let workspace: string;
  let config: string;
  before(async () => {
    config = user.use();
    workspace = await mkdtemp(join(tmpdir(), "coditect-settings-"));
    await mkdir(join(config, "coditect-agents"), { recursive: true });
  });
  after(async () => {
    await user.restore();
    await rm(workspace, { recursive: true });
  });
  const address = "http://ann:geheim@127.0.0.1:11434";
  const write = (settings: object): Promise<void> =>
    writeFile(join(config, "coditect-agents/settings.json"), JSON.stringify(settings));
  const settings = () => openSettings({ workspace, chosen: {}, chosenBy: "flag", guessed: {} });

  it("is refused where agents would lose it, and the error names the setting that keeps it", async () => {
    await write({ provider: { Ollama: { model: "m", endpoint: address } } });
    const isExplained = ({ message }: Error): boolean => {
      assert.match(
        message,
        /settings\.json is not valid: provider\.Ollama\.endpoint: must not contain a name/,
      );
      assert.match(message, /set them in your setting endpoints\.Ollama/);
      assert.doesNotMatch(message, /geheim/);
      return true;
    };
    assert.throws(() => settings().current(), isExplained);
  });

  it("is kept where the runtime reads it", async () => {
    await write({ endpoints: { Ollama: address } });
    assert.equal(settings().current().endpoints.Ollama, address);
  });
});
