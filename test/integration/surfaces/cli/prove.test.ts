import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { GateProof } from "../../../../schemas/gates.ts";
import { runCommand, type CommandResult } from "../../../support/command.ts";

const Proofs = z.object({ type: z.literal("proof.finished"), held: z.boolean(), proofs: z.array(GateProof) });

const slug = 'export const slug = (value) => value.trim().replace(" ", "-");\n';
const tests = `import assert from "node:assert/strict";
import { it } from "node:test";
import { slug } from "../src/slug.js";

it("joins words", () => assert.equal(slug("two words"), "two-words"));
it("trims", () => assert.equal(slug("  padded "), "padded"));
`;

describe("coditect prove and verify", () => {
  let home = "";
  let folder = "";

  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  const git = (...args: string[]): void => {
    execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args], {
      cwd: folder,
      stdio: "ignore",
    });
  };
  const common = (): string[] => ["--workspace", folder, "--unconfined", "allow"];
  const environment = () => ({ folder: home, environment: { CODITECT_HOME: home } });
  const command = (...args: string[]): Promise<CommandResult> =>
    runCommand([...args, ...common()], environment());

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "coditect-prove-"));
    folder = join(home, "project");
    await write(
      "package.json",
      JSON.stringify({ name: "words", type: "module", scripts: { test: "node --test" } }),
    );
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "Begin");
    await write("src/slug.js", slug);
    await write("test/slug.test.js", tests);
  });
  afterEach(() => rm(home, { recursive: true, force: true, maxRetries: 3 }));

  it("prove a new module whose tests cannot be loaded without it, in a note of its commit", async () => {
    assert.match((await command("prove", "--note")).stderr, /Commit the change/);
    git("add", ".");
    git("commit", "-qm", "Make slugs");
    const proved = await command("prove", "--base", "HEAD~1", "--note", "--json");
    const last = Proofs.parse(JSON.parse(proved.stdout.trim().split("\n").at(-1) ?? ""));
    assert.deepEqual(
      last.proofs.map(({ gate, held }) => [gate, held]),
      ["red", "untouched", "green", "clean", "needed", "mutants", "stable"].map((gate) => [gate, true]),
      last.proofs.map(({ reason }) => reason).join("\n"),
    );
    assert.deepEqual(last.proofs[0]?.tests?.proven, [
      "test/slug.test.js > joins words",
      "test/slug.test.js > trims",
    ]);
    assert.equal(proved.exit_code, 0);
    const noted = await command("verify", "HEAD", "--note");
    assert.equal(noted.exit_code, 0, noted.stdout + noted.stderr);
  });

  it("prove a change again from its receipt, and find out what changed since", async () => {
    const receipt = join(home, "proof.json");
    git("add", ".");
    git("commit", "-qm", "Make slugs");
    await write("src/slug.js", `/** A text for addresses. */\n${slug}`);
    const unknown = await command("prove", "--equivalent", "m-000000000000");
    assert.equal(unknown.exit_code, 2, unknown.stdout);
    assert.match(unknown.stderr, /No mutant of this change has the ID m-000000000000\./);
    const proved = await command("prove", "--receipt", receipt);
    assert.equal(proved.exit_code, 0, proved.stdout + proved.stderr);
    const again = await command("verify", receipt, "--rerun");
    assert.deepEqual([again.exit_code, again.stdout.split("\n")[0]?.slice(0, 1)], [0, "✔"], again.stdout);
    assert.match(again.stderr, /✔ clean .*\n✔ mutants /);
    await write("package.json", JSON.stringify({ name: "words", scripts: { test: "node --test" } }));
    const besides = await command("verify", receipt, "--rerun");
    assert.equal(besides.exit_code, 1);
    assert.match(besides.stdout, /package\.json was also changed/);
    await write("src/slug.js", `${slug}\n`);
    const changed = await command("verify", receipt);
    assert.equal(changed.exit_code, 1);
    assert.match(changed.stdout, /src\/slug\.js/);
  });

  it("send an agent back to work once, as its Stop hook", async () => {
    await write("test/slug.test.js", tests.replace('"two-words"', '"two words"'));
    await write(".env.test", "API_KEY=8f1c2a9be07d4453a6c1f0d2b7e94a5c\n");
    git("add", ".env.test");
    const hook = (input: object, ...args: string[]): Promise<CommandResult> =>
      runCommand(["prove", "--hook", ...args, ...common()], {
        ...environment(),
        input: JSON.stringify(input),
      });
    const first = await hook({});
    const second = await hook({ stop_hook_active: true }, "--allow-file", ".env.test");
    assert.equal(first.exit_code, 2, first.stderr);
    assert.match(first.stderr, /The change is not proven: green[^]*two words/);
    assert.match(first.stderr, /^! Tests fail with the change, and they may need \.env\.test\./m);
    assert.doesNotMatch(second.stderr, /^!.*\.env\.test/m);
    assert.deepEqual([first.stdout, second.exit_code], ["", 1]);
    git("add", ".");
    git("commit", "-qm", "Make slugs");
    assert.equal((await hook({})).exit_code, 0);
  });
});
