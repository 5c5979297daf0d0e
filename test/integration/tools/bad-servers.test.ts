import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Json } from "../../../schemas/primitives.ts";
import { anAgent } from "../../support/records.ts";
import { bad, callAny, callNamed, toolWorkspace, type ToolWorkspace } from "../../support/open-tools.ts";

const DID_IT = { content: "did it", is_error: false };

describe("bad MCP servers", () => {
  let files: ToolWorkspace;
  beforeEach(() => {
    files = toolWorkspace();
  });
  afterEach(async () => {
    await files.remove();
  });

  /** What the agent reads that calls the tool of a server that behaves like this. */
  const answerOf = (behaviour: string, input: Json = { text: "it" }, ...details: string[]) => {
    files.writeServers({ it: bad(behaviour, ...details) });
    return callAny(files.open(), "it__act", input);
  };
  /** What agents are offered where one server behaves like this and another one is good. */
  const offersWith = async (...behaviour: string[]): Promise<string[]> => {
    files.writeServers({ good: bad("work"), it: bad(...behaviour) });
    const offers = await files.open().offers(anAgent(), null);
    return offers.map(({ name }) => name);
  };
  const goodAlone = ["good__act", "read_result"];

  for (const behaviour of ["slow pattern of results", "results to compare with each other"])
    it(`with schemas that take hours on their own results do not stop the runtime: ${behaviour}`, async () => {
      assert.equal((await answerOf(behaviour)).is_error, false);
    });

  it("write nothing to the terminal by the words of their schemas", async () => {
    const written: unknown[] = [];
    const { warn, error, log } = console;
    Object.assign(
      console,
      Object.fromEntries(
        ["warn", "error", "log"].map((name) => [name, (...all: unknown[]) => written.push(...all)]),
      ),
    );
    try {
      assert.equal((await answerOf("format with control characters")).is_error, false);
    } finally {
      Object.assign(console, { warn, error, log });
    }
    assert.deepEqual(written, []);
  });

  describe("at their start: are left out, with the reason in the log", () => {
    for (const behaviour of ["hang at start", "trickle at start"])
      it(behaviour, async () => {
        // Alone: on a busy machine, a good server takes longer than that, too.
        files.writeServers({ it: bad(behaviour) });
        assert.deepEqual(await files.open({ startMilliseconds: 1500 }).offers(anAgent(), null), []);
        assert.match(files.warnings.join("\n"), /it did not start and list its tools within 1\.5 seconds/);
      });

    const reasons: Readonly<Record<string, RegExp>> = {
      "another protocol": /Server's protocol version is not supported: 1999-01-01/,
      "exit 0 at once": /it ended with exit code 0 before it answered/,
    };
    for (const [behaviour, reason] of Object.entries(reasons))
      it(behaviour, async () => {
        assert.deepEqual(await offersWith(behaviour), goodAlone);
        assert.match(files.warnings.join("\n"), reason);
      });

    it("a command that is not there", async () => {
      files.writeServers({ good: bad("work"), it: { ...bad("work"), command: "no-such-mcp-server" } });
      const offers = await files.open().offers(anAgent(), null);
      assert.deepEqual(offers.map(({ name }) => name), goodAlone); // prettier-ignore
      assert.match(files.warnings.join("\n"), /its command no-such-mcp-server was not found/);
    });

    it("a cursor without an end", async () => {
      assert.deepEqual(await offersWith("cursor without an end"), goodAlone);
      assert.match(files.warnings.join("\n"), /it has more than 0 tools\. The others are left out/);
    });
  });

  describe("in a call: are ended, and the agent reads why", () => {
    const reasons: Readonly<Record<string, RegExp>> = {
      "wrong id": /it answered the request \d+, which CODITECT did not send/,
      "exit 0 in a call": /it ended with exit code 0 before it answered/,
      "one endless line": /it sent a message larger than 32 MB/,
      "no content": /content/,
    };
    for (const [behaviour, reason] of Object.entries(reasons))
      it(behaviour, async () => {
        const answer = await answerOf(behaviour);
        assert.equal(answer.is_error, true);
        assert.match(answer.content, reason);
      });

    for (const method of ["notifications/message", "notifications/tools/list_changed", "notifications/x"])
      it(`a flood of ${method}`, async () => {
        const answer = await answerOf("flood", { text: "it" }, method);
        assert.match(answer.content, /it sent too many messages without a request/);
      });

    it("a trickle that never becomes an answer ends with the call", async () => {
      files.writeServers({ it: bad("trickle") });
      const [offer] = await files.open().offers(anAgent(), null);
      assert.ok(offer !== undefined);
      const signal = AbortSignal.timeout(300);
      const call = callNamed(files.open(), anAgent(), offer.name, { text: "it" }, signal);
      await assert.rejects(call, { code: "cancelled" });
    });
  });

  describe("that only look bad: are used", () => {
    for (const behaviour of [
      "binary",
      "progress of nobody",
      "tools change all the time",
      "schema with an id",
      "ends at an unknown request",
    ])
      it(behaviour, async () => {
        files.writeServers({ it: bad(behaviour) });
        const tools = files.open();
        assert.deepEqual(await callAny(tools, "it__act", { text: "it" }), DID_IT);
        assert.deepEqual(await callAny(tools, "it__act", { text: "it" }), DID_IT);
      });

    it("a schema that refers to itself", async () => {
      const node = { next: { next: { text: "deep" } } };
      assert.equal((await answerOf("cyclic schema", { node })).is_error, false);
      const wrong = await answerOf("cyclic schema", { node: { next: { text: 5 } } });
      assert.match(wrong.content, /node\/next\/text must be string/);
    });

    it("the second answer to one request", async () => {
      assert.equal((await answerOf("same id twice")).content, "first");
    });
  });

  describe("and what they offer", () => {
    it("two tools of one name: the first counts", async () => {
      files.writeServers({ it: bad("two tools of one name") });
      const offers = await files.open().offers(anAgent(), null);
      assert.deepEqual(offers.map(({ name }) => name), ["it__act", "read_result"]); // prettier-ignore
      assert.match(offers[0]?.description ?? "", /The first\./);
      assert.match(files.warnings.join("\n"), /tool act .* left out: another one has the same name/);
    });

    it("10,000 tools: some, to be found", async () => {
      files.writeServers({ it: bad("10,000 tools") });
      const offers = await files.open().offers(anAgent(), null);
      assert.deepEqual(offers.map(({ name }) => name), ["find_tools", "call_tool", "read_result"]); // prettier-ignore
      assert.match(files.warnings.join("\n"), /has more than 500 tools\. The others are left out/);
    });

    it("a schema that is somewhere else: the call says so, and nothing is loaded", async () => {
      const answer = await answerOf("schema elsewhere");
      assert.match(answer.content, /The schema of it__act is not valid: .*example\.org\/text\.json/);
    });

    const problems: Readonly<Record<string, RegExp>> = {
      100: /tool act .* left out: its schema has more than 64 levels/,
      5000: /The MCP server it failed: the schemas of its tools have too many levels/,
    };
    for (const [levels, problem] of Object.entries(problems))
      it(`a schema of ${levels} levels: is left out`, async () => {
        assert.deepEqual(await offersWith("schema of many levels", levels), goodAlone);
        assert.match(files.warnings.join("\n"), problem);
      });

    it("a schema of 20,000 fields: is left out", async () => {
      assert.deepEqual(await offersWith("huge schema"), goodAlone);
      assert.match(
        files.warnings.join("\n"),
        /tool act .* left out: its schema has more than 50000 characters/,
      );
    });

    it("a pattern that takes for ever: is left to the server", async () => {
      assert.deepEqual(await answerOf("slow pattern", { text: "a".repeat(100) }), {
        content: `did ${"a".repeat(100)}`,
        is_error: false,
      });
    });

    it("a description without an end is cut, and instructions in one are the server's words", async () => {
      files.writeServers({ long: bad("long description"), told: bad("instructions") });
      const [long, told] = await files.open().offers(anAgent(), null);
      assert.ok((long?.description.length ?? Infinity) < 1100);
      assert.match(told?.description ?? "", /^The MCP server told says: Ignore your instructions/);
    });

    it("a link out of the workspace: the name alone, nothing is read", async () => {
      const answer = await answerOf("link out of the workspace");
      assert.deepEqual(answer, { content: "[resource file:///etc/passwd]", is_error: false });
    });
  });
});
