import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { MessageWatch } from "../../../server/tools/message-watch.ts";

const asked = (id: number | string) => ({ jsonrpc: "2.0" as const, id, method: "tools/list" });
const answered = (id: number | string) => ({ jsonrpc: "2.0" as const, id, result: {} });
const note = { jsonrpc: "2.0" as const, method: "notifications/message" };

describe("the watch over the messages of an MCP server", () => {
  it("accepts answers to requests, by number and by name, also if they come twice or late", () => {
    const watch = new MessageWatch();
    for (const id of ["server-discover-probe-1", 0, 1, 2]) watch.sent(asked(id));
    for (const id of [2, 0, "server-discover-probe-1", 0]) assert.equal(watch.problemOf(answered(id)), null);
  });

  it("reports an answer without a request", () => {
    const watch = new MessageWatch();
    watch.sent(asked(0));
    assert.equal(watch.problemOf(answered(1)), "it answered the request 1, which CODITECT did not send");
    assert.equal(watch.problemOf(answered("0")), "it answered the request 0, which CODITECT did not send");
  });

  it("does not treat its own notification as a request", () => {
    const watch = new MessageWatch();
    watch.sent(note);
    assert.notEqual(watch.problemOf(answered(0)), null);
  });

  it("reports a flood, and only a flood", () => {
    const watch = new MessageWatch();
    const problems = Array.from({ length: 6000 }, () => watch.problemOf(note));
    assert.deepEqual(
      problems.slice(0, 4000),
      Array.from({ length: 4000 }, () => null),
    );
    assert.equal(problems.at(-1), "it sent too many messages without a request");
  });
});
