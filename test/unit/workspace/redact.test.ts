import assert from "node:assert/strict";
import { KnownSecrets, redactText, redactValue, withoutSecrets } from "../../../server/workspace/redact.ts";

/** Put together here, so that no scanner takes the test for a leak. */
const planted = {
  claude: `sk-ant-${"a1B2".repeat(10)}`,
  google: `AIza${"b2C3".repeat(9)}`,
  huggingFace: `hf_${"c3D4".repeat(8)}`,
  github: `ghp_${"d4E5".repeat(9)}`,
  amazon: `AKIA${"E5F6".repeat(4)}`,
  slack: `xoxb-1234567890-abcdef`,
  stripe: `sk_live_${"f6G7".repeat(6)}`,
  jwt: `eyJ${"hbGciOi".repeat(2)}.eyJ${"zdWIiOi".repeat(2)}.c2lnbmF0dXJl`,
};

describe("the redactor", () => {
  for (const [name, secret] of Object.entries(planted))
    it(`takes out a key by its form: ${name}`, () => {
      const text = redactText(`before ${secret} after`, []);
      assert.equal(text, "before [redacted] after");
    });

  it("takes out a private key with all its lines", () => {
    const kind = "PRIVATE KEY";
    const text = redactText(`a\n-----BEGIN RSA ${kind}-----\nMIIE\nabc=\n-----END RSA ${kind}-----\nb`, []);
    assert.equal(text, "a\n[redacted]\nb");
  });

  it("removes an OpenPGP key, and secrets in the configuration files of programs, whatever the name of the file", () => {
    const kind = "PGP PRIVATE KEY BLOCK";
    assert.equal(redactText(`-----BEGIN ${kind}-----\n\nlQ\n-----END ${kind}-----\nb`, []), "[redacted]\nb");
    const written = [
      ["//registry.npmjs.org/:_authToken=", "0a1b2c3d-4e5f"],
      ["aws_secret_access_key = ", "wJalr/".repeat(6)],
      ["    client-key-data: ", "LS0tLS1CRUdJ".repeat(3)],
      ["machine git.example login me password ", "swordfish"],
      ["password = ", `pypi-${"AgEI".repeat(10)}`],
    ] as const;
    for (const [before, secret] of written)
      assert.equal(redactText(`x\n${before}${secret}\ny`, []), `x\n${before}[redacted]\ny`);
  });

  it("takes out what is assigned to a name that says it is secret, and leaves the name", () => {
    assert.equal(redactText('const apiKey = "hunter2hunter2";', []), 'const apiKey = "[redacted]";');
    assert.equal(redactText('{"db_password": "correct horse"}', []).includes("correct"), true);
    assert.equal(redactText('{"db_password":"correcthorse"}', []), '{"db_password":"[redacted]"}');
    assert.equal(redactText("export API_TOKEN=abcdefgh12345", []), "export API_TOKEN=[redacted]");
    assert.equal(redactText("postgres://me:swordfish@db/x", []), "postgres://me:[redacted]@db/x");
    assert.equal(
      redactText("Authorization: Bearer abcdefghijklmnop", []),
      "Authorization: Bearer [redacted]",
    );
  });

  it("takes out the values of the environment's secret variables, wherever they stand", () => {
    const { values: known } = new KnownSecrets({
      ...{ MY_API_KEY: "plain-words-only", PATH: "/usr/bin:/bin", SHORT_TOKEN: "abc" },
    });
    assert.deepEqual(known, ["plain-words-only"]);
    const value = redactValue({ a: ["it is plain-words-only."], b: 1, c: null }, known);
    assert.deepEqual(value, { a: ["it is [redacted]."], b: 1, c: null });
  });

  it("takes out values that were looked up later, and the token of a header alone", () => {
    const secrets = new KnownSecrets({});
    const { values: known } = secrets;
    for (const value of ["short", "stored-elsewhere", "Bearer plain-token", "stored-elsewhere"])
      secrets.add(value);
    const text = "stored-elsewhere, Bearer plain-token, plain-token, short";
    assert.equal(redactText(text, known), "[redacted], [redacted], [redacted], short");
    assert.equal(known.length, 3);
  });

  describe("of a known secret", () => {
    const key = '-----BEGIN KEY-----\nMIIE+a/b=\tc "d" <é😀>\\\n-----END KEY-----';
    const secrets = new KnownSecrets({});
    secrets.add(`${key}\n`);
    const { values: known } = secrets;
    const json = JSON.stringify(key).slice(1, -1);
    const ascii = json.replace(/[^\x20-\x7e]|[<>/]/g, (unit) =>
      unit === "/" ? String.raw`\/` : String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    const nested = JSON.stringify(JSON.stringify(JSON.stringify(key)));
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    const forms: Readonly<Record<string, [text: string, rest: RegExp]>> = {
      "as it is": [key, /^\[redacted\]$/],
      "with the line ends of Windows": [key.replaceAll("\n", "\r\n"), /^\[redacted\]$/],
      "in JSON": [json, /^\[redacted\]$/],
      "in JSON with the line ends of Windows": [json.replaceAll("\\n", "\\r\\n"), /^\[redacted\]$/],
      "in JSON in ASCII": [ascii, /^\[redacted\]$/],
      "in JSON in JSON in JSON": [nested, /^"\\"\\\\\\"\[redacted\]\\\\\\"\\""$/],
      "in a URL": [encodeURIComponent(key), /^\[redacted\]$/],
      "in a form": [new URLSearchParams({ key }).toString(), /^key=\[redacted\]$/],
      "in base64": [base64(key), /^\[redacted\].{0,4}$/],
      "in base64 behind a name": [base64(`a:${key}`), /^.{2,4}\[redacted\].{0,4}$/],
      "in base64 behind a longer name": [base64(`ab-c:${key}`), /^.{6,8}\[redacted\].{0,4}$/],
      "in base64 for URLs": [Buffer.from(key).toString("base64url"), /^\[redacted\].{0,4}$/],
    };
    for (const [name, [text, rest]] of Object.entries(forms))
      it(`takes it out ${name}`, () => {
        assert.match(withoutSecrets(text, known), rest);
        assert.match(withoutSecrets(`before ${text} after ${text}`, known), /^before .{8,50} after .{8,50}$/);
      });

    it("takes long texts of its first characters in its stride", () => {
      for (const piece of ["-", "-----BEGIN KEY-----", "\\", "\\n", "%0A"])
        assert.equal(withoutSecrets(piece.repeat(200_000), known), piece.repeat(200_000));
      const blanks = new KnownSecrets({ KEY: '\\"\\"\\"\\"\\"' });
      assert.equal(withoutSecrets("\\".repeat(500_000), blanks.values).length, 500_000);
    });

    it("takes out backslashes in a row, and takes long texts of them in its stride", () => {
      const path = String.raw`\\\\server\share`;
      const { values } = new KnownSecrets({ KEY: path });
      const nested = JSON.stringify(JSON.stringify(path)).slice(3, -3);
      for (const text of [path, nested, encodeURIComponent(path), path.replaceAll("\\", "\\u005c")])
        assert.equal(withoutSecrets(text, values), "[redacted]");
      assert.equal(withoutSecrets("\\".repeat(500_000), values).length, 500_000);
    });
  });

  it("takes long texts without blanks in its stride", () => {
    for (const piece of [
      "token",
      "a.b-",
      "KEY_",
      "eyJabcdefghij",
      "x://a:",
      "machine a login ",
      "_auth",
      "SG.abcdefghijklmnopq.",
      "-----BEGIN PRIVATE KEY-----",
      "\\",
    ]) {
      const text = piece.repeat(200_000);
      assert.ok(redactText(text, []).length <= text.length);
    }
  });

  it("leaves ordinary code alone", () => {
    const code = 'const token = nextToken(line);\nif (key === "name") return sk;\nconst tokens = 12;\n';
    assert.equal(redactText(code, []), code);
  });
});
