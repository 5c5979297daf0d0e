import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Method } from "../../../schemas/contract.ts";
import { CoditectError } from "../../../schemas/errors.ts";
import { Role } from "../../../schemas/contract.ts";
import { ReceivedFiles } from "../../../server/transfer/received-files.ts";
import { type AskServer, WorkspaceSender } from "../../../server/transfer/send-workspace.ts";
import { treeText } from "../../../server/transfer/tree-text.ts";
import type { SentEntry } from "../../../schemas/sent-files.ts";
import { testDispatch } from "../../support/dispatch.ts";
import { rejectsWith } from "../../support/rejects.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const never = new AbortController().signal;

/** Every file and link below a folder, with what is in it. */
const contentOf = (root: string): Record<string, string> => {
  const found: [string, string][] = [];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(root.length + 1);
    if (entry.isSymbolicLink()) found.push([name, `-> ${readlinkSync(path)}`]);
    else if (entry.isFile())
      found.push([
        name,
        `${(lstatSync(path).mode & 0o111) === 0 ? "" : "x "}${readFileSync(path, "latin1")}`,
      ]);
  }
  return Object.fromEntries(found.sort());
};

describe("the copy of a workspace on a server", () => {
  let workspace: TestWorkspace;
  let folder: string;
  let received: ReceivedFiles;
  let asked: [Method, unknown][];
  let sender: WorkspaceSender;

  /** The real dispatch and handlers over the files received. */
  const serverOf = (files: ReceivedFiles): AskServer => {
    const { dispatch } = testDispatch(files.workspace, { received: files });
    return (method, params, signal) => {
      asked.push([method, params]);
      return dispatch(method, params, { role: Role.enum.operator, surface: "rest" }, signal);
    };
  };
  beforeEach(async () => {
    workspace = await testWorkspace();
    folder = mkdtempSync(join(tmpdir(), "coditect-copy-"));
    received = await ReceivedFiles.open(folder);
    asked = [];
    sender = new WorkspaceSender(workspace.root, serverOf(received));
  });
  afterEach(async () => {
    await workspace.remove();
    await rm(folder, { recursive: true, force: true });
  });
  const sentBytes = (): number =>
    asked.reduce(
      (sum, [method, params]) => (method === "files/send" ? sum + JSON.stringify(params).length : sum),
      0,
    );

  it("has what agents may see, and neither secrets nor ignored files nor git's own", async () => {
    const files = {
      "src/a.ts": "a\n",
      "bin/run.sh": "#!/bin/sh\n",
      "node_modules/left/index.js": "l",
      ".gitignore": "out\n",
    };
    for (const [path, content] of Object.entries(files)) await workspace.write(path, content);
    chmodSync(join(workspace.root, "bin/run.sh"), 0o755);
    const closed = {
      ...{
        ".env": "KEY=1",
        id_rsa: "k",
        "out/big.bin": "o",
        ".git/config": "[core]\n",
        ".git/HEAD": "ref: x\n",
      },
      ...{
        ".coditect/state/state.json": "{}",
        ".coditect/lessons.md": "mine",
        "node_modules/dep/.git/config": "x",
      },
    };
    for (const [path, content] of Object.entries(closed)) await workspace.write(path, content);
    symlinkSync("/etc/passwd", join(workspace.root, "src", "out.ts"));
    symlinkSync("a.ts", join(workspace.root, "src", "b.ts"));
    await sender.send(never);
    assert.deepEqual(contentOf(received.workspace), {
      ".git/HEAD": "ref: x\n",
      ".gitignore": "out\n",
      "bin/run.sh": "x #!/bin/sh\n",
      "node_modules/left/index.js": "l",
      "src/a.ts": "a\n",
      "src/b.ts": "-> a.ts",
    });
  });

  it("sends only what is new: nothing after no change, one file after one, nothing for a moved one", async () => {
    for (let at = 0; at < 20; at += 1) await workspace.write(`f${at}.txt`, `${at}`.repeat(1000));
    await sender.send(never);
    asked = [];
    await sender.send(never);
    assert.deepEqual(
      asked.map(([method]) => method),
      ["files/get"],
    );
    asked = [];
    await workspace.write("f3.txt", "new".repeat(500));
    await sender.send(never);
    const first = sentBytes();
    assert.ok(first < 8000, `${first} bytes`);
    asked = [];
    await rm(join(workspace.root, "f4.txt"));
    await workspace.write("deep/er/f4.txt", "4".repeat(1000));
    await sender.send(never);
    assert.ok(sentBytes() < 6500, "the tree alone");
    assert.equal(contentOf(received.workspace)["deep/er/f4.txt"], "4".repeat(1000));
    assert.equal(contentOf(received.workspace)["f4.txt"], undefined);
  });

  it("lists the workspace once for calls that wait at the same time, and again for one that comes later", async () => {
    await workspace.write("a.txt", "1");
    await Promise.all(Array.from({ length: 8 }, () => sender.send(never)));
    assert.equal(asked.filter(([method]) => method === "files/get").length, 1);
    assert.deepEqual(contentOf(received.workspace), { "a.txt": "1" });

    // What was written after a listing began may be missing in it.
    const { promise: begun, resolve: begin } = Promise.withResolvers<undefined>();
    const server = serverOf(received);
    const slow = new WorkspaceSender(workspace.root, (method, params, signal) => {
      begin(undefined);
      return server(method, params, signal);
    });
    const first = slow.send(never);
    await begun;
    await workspace.write("b.txt", "2");
    await slow.send(never);
    await first;
    assert.equal(contentOf(received.workspace)["b.txt"], "2");
  });

  it("continues for the other callers when one of them leaves", async () => {
    await workspace.write("a.txt", "1");
    const leaving = new AbortController();
    const left = sender.send(leaving.signal);
    const other = sender.send(never);
    leaving.abort();
    await rejectsWith(left, "cancelled");
    await other;
    assert.deepEqual(contentOf(received.workspace), { "a.txt": "1" });
    await rejectsWith(sender.send(AbortSignal.abort()), "cancelled");
    await workspace.write("b.txt", "2");
    await sender.send(never);
    assert.equal(contentOf(received.workspace)["b.txt"], "2");
  });

  it("leaves what the server itself wrote, and goes on with it after a restart", async () => {
    await workspace.write("a.txt", "1");
    await sender.send(never);
    await mkdir(join(received.workspace, ".coditect"));
    writeFileSync(join(received.workspace, ".coditect", "lessons.md"), "learned");
    const again = await ReceivedFiles.open(folder);
    await workspace.write("a.txt", "2");
    await new WorkspaceSender(workspace.root, serverOf(again)).send(never);
    assert.deepEqual(contentOf(again.workspace), { ".coditect/lessons.md": "learned", "a.txt": "2" });
  });

  it("sends large files in pieces, smaller ones where the server takes less", async () => {
    const large = "0123456789".repeat(30_000);
    await workspace.write("large.txt", large);
    const server = serverOf(received);
    const strict: AskServer = (method, params, signal) =>
      JSON.stringify(params).length > 100_000
        ? Promise.reject(new CoditectError("body_too_large", { limit: "100 KB" }))
        : server(method, params, signal);
    await new WorkspaceSender(workspace.root, strict).send(never);
    assert.equal(contentOf(received.workspace)["large.txt"], large);
  });

  const use = async (entries: SentEntry[], objects: Record<string, string> = {}) => {
    const { text, sha256 } = treeText(entries);
    for (const content of [text, ...Object.values(objects)]) {
      const bytes = Buffer.from(content);
      const name = createHash("sha256").update(bytes).digest("hex");
      await received.receive([{ sha256: name, size: bytes.length, at: 0, data: bytes.toString("base64") }]);
    }
    return received.use(sha256, never);
  };
  const file = (path: string): SentEntry => ({ path, sha256: "0".repeat(64), size: 1, executable: false });

  for (const path of [
    ".git/config",
    ".GIT/hooks/post-checkout",
    "a/.git/config",
    ".git/HEAD/x",
    ".coditect/state/state.json",
    ".Coditect/State/x",
    "../a",
    "/etc/x",
    "a/../../b",
    "",
  ])
    it(`refuses a file at ${JSON.stringify(path)}`, () => rejectsWith(use([file(path)]), "invalid_params"));
  for (const target of ["/etc", "../x", "a/../../x", "b/../c", "..", "a\\b"])
    it(`refuses a link to ${target}`, () => rejectsWith(use([{ path: "link", target }]), "invalid_params"));
  it("refuses a file below a link, or twice the same path", async () => {
    await rejectsWith(use([{ path: "a", target: "b" }, file("a/x")]), "invalid_params");
    await rejectsWith(use([file("a"), { ...file("a"), executable: true }]), "invalid_params");
  });

  it("refuses a piece that does not follow, and content that is not what its name says", async () => {
    const piece = { sha256: "1".repeat(64), size: 4, at: 0, data: Buffer.from("ab").toString("base64") };
    await received.receive([piece]);
    await rejectsWith(received.receive([{ ...piece, at: 3 }]), "invalid_params");
    await rejectsWith(
      received.receive([{ ...piece, at: 2, data: Buffer.from("cde").toString("base64") }]),
      "invalid_params",
    );
    await rejectsWith(received.receive([{ ...piece, at: 2 }]), "invalid_params");
    assert.deepEqual(await received.use("1".repeat(64), never), { missing: ["1".repeat(64)] });
  });

  it("changes nothing while an object is missing", async () => {
    await workspace.write("a.txt", "1");
    await sender.send(never);
    const { tree } = received.state;
    const { missing } = await use([file("b.txt")]);
    assert.deepEqual(missing, ["0".repeat(64)]);
    assert.deepEqual(contentOf(received.workspace), { "a.txt": "1" });
    assert.equal(received.state.tree, tree);
  });

  it("takes no files for a runtime that works on its own folder", async () => {
    const { dispatch } = testDispatch(workspace.root);
    await rejectsWith(
      dispatch("files/get", {}, { role: "viewer", surface: "rest" }, never),
      "no_file_transfer",
    );
  });

  it("is equal to the workspace after any sequence of changes and restarts of the server", async () => {
    const name = fc.constantFrom("a", "b", "c", "d");
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
    const change = fc.record({
      path,
      content: fc.option(fc.string({ maxLength: 5 })),
      send: fc.boolean(),
      restart: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
        const own = await testWorkspace();
        const place = mkdtempSync(join(tmpdir(), "coditect-copy-"));
        let files = await ReceivedFiles.open(place);
        let toServer = new WorkspaceSender(own.root, serverOf(files));
        try {
          for (const { path: at, content, send, restart } of changes) {
            const way = at.split("/");
            for (let depth = 1; depth < way.length; depth += 1) {
              const above = join(own.root, ...way.slice(0, depth));
              if (lstatSync(above, { throwIfNoEntry: false })?.isFile() === true) await rm(above);
            }
            await rm(join(own.root, at), { recursive: true, force: true });
            if (content !== null) await own.write(at, content);
            if (!send) continue;
            if (restart) {
              files = await ReceivedFiles.open(place);
              toServer = new WorkspaceSender(own.root, serverOf(files));
            }
            await toServer.send(never);
            assert.deepEqual(contentOf(files.workspace), contentOf(own.root));
          }
        } finally {
          await own.remove();
          await rm(place, { recursive: true, force: true });
        }
      }),
      { numRuns: 40 },
    );
  });
});
