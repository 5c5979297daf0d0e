import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  environmentCredentials,
  firstOf,
  heldCredentials,
  openCredentialStore,
} from "../../../server/gateway/credentials.ts";
import { keptPassphrase, type Keychain } from "../../../server/gateway/keychain.ts";
import { failureOf } from "../../support/gateway.ts";

const codeOf = async (asking: Promise<unknown>): Promise<string> => (await failureOf(asking)).code;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "coditect-gateway-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the encrypted credentials file", () => {
  const open = (passphrase: string | null = "correct horse") =>
    openCredentialStore({
      variable: "CODITECT_PASSPHRASE",
      file: join(folder, "config", "credentials.json"),
      passphrase: () => Promise.resolve(passphrase),
      now: () => "2026-01-01T00:00:00.000Z",
    });

  it("gives a key back to a later process, and to nobody who reads the file", async () => {
    await open().set("claude", "sk-ant-0123456789");
    assert.deepEqual(await open().keys("Claude", null), ["sk-ant-0123456789"]);
    const path = join(folder, "config", "credentials.json");
    const text = await readFile(path, "utf8");
    assert.doesNotMatch(text, /sk-ant|claude|6789/);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it("is closed to a wrong passphrase, none, and a changed file", async () => {
    await open().set("claude", "sk-ant-0123456789");
    assert.equal(await codeOf(open("correct house").keys("Claude", null)), "credentials_closed");
    assert.equal(await codeOf(open(null).keys("Claude", null)), "credentials_closed");
    const path = join(folder, "config", "credentials.json");
    const sealed = JSON.parse(await readFile(path, "utf8")) as { data: string };
    const bytes = Buffer.from(sealed.data, "base64");
    bytes.writeUInt8(bytes.readUInt8(3) ^ 1, 3);
    await writeFile(path, JSON.stringify({ ...sealed, data: bytes.toString("base64") }));
    assert.equal(await codeOf(open().keys("Claude", null)), "credentials_closed");
    await writeFile(path, "{");
    assert.equal(await codeOf(open().keys("Claude", null)), "credentials_closed");
  });

  it("rotates: the new key first, the one before still valid, older ones gone", async () => {
    const store = open();
    await store.set("claude", "key-number-1");
    await store.rotate("claude", "key-number-2");
    assert.deepEqual(await store.keys("Claude", null), ["key-number-2", "key-number-1"]);
    await store.rotate("claude", "key-number-3");
    assert.deepEqual(await store.keys("Claude", null), ["key-number-3", "key-number-2"]);
  });

  it("shows a rotation to a process that runs", async () => {
    const [runtime, commandLine] = [open(), open()];
    await commandLine.set("gemini", "key-number-1");
    assert.deepEqual(await runtime.keys("Gemini", null), ["key-number-1"]);
    await commandLine.rotate("gemini", "key-number-2");
    assert.deepEqual(await runtime.keys("Gemini", null), ["key-number-2", "key-number-1"]);
  });

  it("lists names and endings, never keys", async () => {
    const store = open();
    await store.set("huggingface", "hf_abcdefghijkl");
    await store.set("team-key", "short");
    assert.deepEqual(await store.list(), [
      { name: "huggingface", keys: [{ ending: "ijkl", added_at: "2026-01-01T00:00:00.000Z" }] },
      { name: "team-key", keys: [{ ending: "", added_at: "2026-01-01T00:00:00.000Z" }] },
    ]);
  });

  it("keeps both of two changes at once, and says that there is nothing to remove", async () => {
    const store = open();
    await Promise.all([store.set("claude", "key-number-1"), store.set("gemini", "key-number-2")]);
    assert.equal((await store.list()).length, 2);
    await store.remove("claude");
    assert.deepEqual(await store.keys("Claude", null), []);
    assert.equal(await codeOf(store.remove("claude")), "not_found");
  });

  it("finds the key an agent names", async () => {
    const store = open();
    await store.set("team-key", "hf_of_the_team");
    assert.deepEqual(await store.keys("HuggingFace", "secret:team-key"), ["hf_of_the_team"]);
    assert.deepEqual(await store.keys("HuggingFace", "secret:huggingface"), []);
  });

  describe("with a keychain", () => {
    /** What a desktop's keychain does, and whether it is unlocked. */
    const keychain = { secret: null as string | null, locked: false };
    const held: Keychain = {
      read: () => (keychain.locked ? Promise.reject(new Error("locked")) : Promise.resolve(keychain.secret)),
      write: (secret) => Promise.resolve(void (keychain.secret = secret)),
    };
    beforeEach(() => {
      Object.assign(keychain, { secret: null, locked: false });
    });
    const openKept = (present: boolean, answer: string | null = null) => {
      let asked = 0;
      const ask = () => Promise.resolve((asked++, answer));
      const passphrase = keptPassphrase(() => Promise.resolve(present ? held : null), ask);
      const file = join(folder, "credentials.json");
      const store = openCredentialStore({
        file,
        variable: "CODITECT_PASSPHRASE",
        passphrase,
        now: () => "2026-01-01T00:00:00.000Z",
      });
      return { store, asked: () => asked };
    };

    it("gets a passphrase that nobody has to know", async () => {
      const first = openKept(true);
      await first.store.set("claude", "key-number-1");
      const later = openKept(true);
      assert.deepEqual(await later.store.keys("Claude", null), ["key-number-1"]);
      await later.store.set("gemini", "key-number-2");
      assert.deepEqual([first.asked(), later.asked()], [0, 0]);
      assert.match(keychain.secret ?? "", /^[\w-]{43}$/);
    });

    it("asks for the passphrase of a file that was made without it", async () => {
      await openKept(false, "correct horse").store.set("claude", "key-number-1");
      const later = openKept(true, "correct horse");
      assert.deepEqual(await later.store.keys("Claude", null), ["key-number-1"]);
      assert.equal(later.asked(), 1);
      assert.equal(keychain.secret, null);
    });

    it("asks where the keychain stays locked, and is closed where nobody answers", async () => {
      keychain.locked = true;
      assert.equal(await codeOf(openKept(true).store.set("claude", "key-number-1")), "credentials_closed");
      await openKept(true, "correct horse").store.set("claude", "key-number-1");
      assert.deepEqual(await openKept(false, "correct horse").store.keys("Claude", null), ["key-number-1"]);
    });
  });

  it("comes behind the editor's keys and those of the environment", async () => {
    const store = open();
    await store.set("claude", "of-the-file");
    const held = heldCredentials();
    const environment: NodeJS.ProcessEnv = {};
    const all = firstOf(held, environmentCredentials(environment), store);
    assert.deepEqual(await all.keys("Claude", null), ["of-the-file"]);
    environment.ANTHROPIC_API_KEY = "of-the-environment, and-the-one-before";
    assert.deepEqual(await all.keys("Claude", null), ["of-the-environment", "and-the-one-before"]);
    held.set("Claude", ["of-the-editor"]);
    assert.deepEqual(await all.keys("Claude", null), ["of-the-editor"]);
    held.set("Claude", []);
    assert.deepEqual(await all.keys("Claude", null), ["of-the-environment", "and-the-one-before"]);
  });
});
