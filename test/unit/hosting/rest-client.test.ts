import assert from "node:assert/strict";
import { readEvents } from "../../../server/hosting/rest-client.ts";

describe("events of a runtime of another version", () => {
  it("that are unknown here are passed over, and the id still counts", async () => {
    const known = { type: "configuration.changed", at: "2026-01-31T12:00:00.000Z" };
    const blocks = [{ type: "moon.rose" }, known].map(
      (event, at) => `id: e-${at + 1}\ndata: ${JSON.stringify(event)}\n\n`,
    );
    const stream = new Blob(blocks).stream();
    const read = [];
    for await (const message of readEvents(stream)) read.push(message);
    assert.deepEqual(read, [
      { id: "e-1", event: null, areLost: false },
      { id: "e-2", event: known, areLost: false },
    ]);
  });
});
