import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import type { WebSocket } from "ws";
import { Link } from "../../../server/instances/drivers/cloud-run/gateway/link.ts";

/** One end of a connection in memory. What is on its way is lost when either end goes. */
class Socket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  other: Socket | null = null;

  send(frame: Buffer): void {
    setImmediate(() => {
      if (this.readyState === this.OPEN) this.other?.emit("message", frame, true);
    });
  }

  terminate(): void {
    for (const end of [this, this.other]) if (end !== null) end.readyState = 3;
  }
}

const isSocket = (socket: unknown): socket is WebSocket => socket instanceof Socket;

/** Connects two links, as after a greeting. */
const meet = (one: Link, other: Link): Socket => {
  const [near, far] = [new Socket(), new Socket()];
  near.other = far;
  far.other = near;
  // Of a WebSocket, a link uses what these have.
  if (!isSocket(near) || !isSocket(far)) throw new Error("they are sockets");
  const [receivedHere, receivedThere] = [one.received, other.received];
  one.use(near, receivedThere);
  other.use(far, receivedHere);
  return near;
};

const linked = () => {
  const faults: string[] = [];
  const note = (what: string) => faults.push(what);
  return { here: new Link(note), there: new Link(note), faults };
};

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe("a link to a container", () => {
  it("carries every byte of every channel once and in order, however often it breaks", async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          channel: fc.integer({ min: 0, max: 3 }),
          from: fc.boolean(),
          size: fc.integer({ min: 0, max: 200_000 }),
        }),
      },
      { weight: 1, arbitrary: fc.constant("break" as const) },
      { weight: 2, arbitrary: fc.constant("wait" as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { here, there, faults } = linked();
        let socket = meet(here, there);
        const sent = new Map<string, Buffer[]>();
        const ends = [0, 1, 2, 3].flatMap((id) => [
          { name: `${id} here`, read: buffer(there.channel(id)), write: here.channel(id) },
          { name: `${id} there`, read: buffer(here.channel(id)), write: there.channel(id) },
        ]);
        for (const [index, each] of steps.entries()) {
          if (each === "break") {
            socket.terminate();
            socket = meet(here, there);
          } else if (each === "wait") await tick();
          else {
            const name = `${each.channel} ${each.from ? "here" : "there"}`;
            const bytes = Buffer.alloc(each.size, index);
            sent.set(name, [...(sent.get(name) ?? []), bytes]);
            ends.find((end) => end.name === name)?.write.write(bytes);
          }
        }
        for (const { write } of ends) write.end();
        for (const { name, read } of ends) {
          const expected = Buffer.concat(sent.get(name) ?? []);
          assert.ok((await read).equals(expected), name);
        }
        assert.deepEqual(faults, []);
      }),
      { numRuns: 60 },
    );
  });

  it("holds a channel up that nobody reads, and no other", async () => {
    const { here, there } = linked();
    meet(here, there);
    const [slow, quick] = [here.channel(1), here.channel(2)];
    there.channel(1);
    const read = buffer(there.channel(2));
    let isTaken = false;
    slow.write(Buffer.alloc(8 * 1024 * 1024), () => (isTaken = true));
    quick.end(Buffer.alloc(3 * 1024 * 1024, 7));
    assert.equal((await read).length, 3 * 1024 * 1024);
    assert.equal(isTaken, false);
  });

  it("ends its channels when it ends", async () => {
    const { here, there } = linked();
    meet(here, there);
    const read = buffer(here.channel(1));
    here.end();
    assert.equal((await read).length, 0);
    const written = new Promise((resolve) => here.channel(1).write("lost", resolve));
    await written;
  });

  for (const [name, frame] of [
    ["acknowledges what was not sent", Buffer.from([255, 0, 0, 0, 0, 0, 0, 0, 9])],
    ["is cut short", Buffer.from([254, 1])],
    [
      "brings more than a channel may have on its way",
      Buffer.concat([Buffer.of(1), Buffer.alloc(1024 * 1024 + 1)]),
    ],
  ] as const) {
    it(`takes no frame that ${name}`, async () => {
      const { here, there, faults } = linked();
      here.channel(1);
      const socket = meet(here, there);
      socket.emit("message", frame, true);
      await tick();
      assert.equal(faults.length, 1);
    });
  }
});
