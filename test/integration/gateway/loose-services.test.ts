import assert from "node:assert/strict";
import { CoditectError } from "../../../schemas/errors.ts";
import { TokenUsage } from "../../../schemas/messages.ts";
import { TranscriptEntry } from "../../../schemas/transcript.ts";
import type { Clock } from "../../../server/gateway/waiting.ts";
import { protocols, type Protocol } from "../../model-protocols.ts";
import { listen } from "../../model-servers.ts";
import {
  agentWith,
  allAt,
  ask,
  chargeTo,
  gatewayWith,
  modelServers,
  question,
  quickClock,
  SECRET,
} from "../../support/gateway.ts";

/** The fields that hold counts, as each service names them. */
const counts = /"(\w*(?:tokens|TokenCount|eval_count)\w*)":\s*\d+/g;
const strange: Readonly<Record<string, string>> = {
  fractions: "12.5",
  null: "null",
  "negative numbers": "-1",
  "numbers as text": '"12"',
  words: '"many"',
  "numbers beyond belief": "1e300",
};

const askWith = async (
  protocol: Protocol,
  change: (whole: string) => string,
  clock: Clock = quickClock(),
) => {
  const server = await listen((_request, response) => {
    response.writeHead(200, { "content-type": protocol.contentType });
    response.end(change(protocol.events({ text: "Hi", usage: { input: 9 } }, {}, 1).join("")));
    return Promise.resolve();
  });
  const { gateway, ledger } = gatewayWith({ endpoints: allAt(server.url), clock });
  try {
    const charge = chargeTo(agentWith(protocol.provider(server.url), { max_retries: 0 }));
    return { ...(await ask(gateway, question("Hello"), charge)), ledger };
  } finally {
    await server.close();
  }
};

for (const protocol of protocols) {
  describe(`a loose service that speaks as ${protocol.name}`, () => {
    for (const [what, value] of Object.entries(strange)) {
      it(`may count in ${what}: the answer counts, and what is recorded is sound`, async () => {
        const { answer, ledger } = await askWith(protocol, (whole) => {
          const changed = whole.replaceAll(counts, `"$1":${value}`);
          assert.notEqual(changed, whole);
          return changed;
        });
        assert.deepEqual(answer.message.content, [{ type: "text", text: "Hi" }]);
        assert.ok(TokenUsage.safeParse(answer.usage).success, JSON.stringify(answer.usage));
        const { input, cache_read, output } = answer.usage;
        assert.ok(input + cache_read > 0 && output > 0, JSON.stringify(answer.usage));
        assert.deepEqual(ledger.entries[0]?.usage, answer.usage);
      });
    }

    it("is measured by a clock that nobody sets back", async () => {
      const clock = quickClock();
      let asked = 0;
      const { answer } = await askWith(protocol, (whole) => whole, {
        ...clock,
        now: () => clock.now() - 60_000 * asked++,
      });
      const line = { type: "answer", at: "2026-01-01T00:00:00.000Z", turn: 1, ...answer };
      assert.ok(TranscriptEntry.safeParse(line).success);
    });
  });

  describe(`the key of ${protocol.name}`, () => {
    const serve = modelServers();

    it("stands in no error, whatever its client makes of it", async () => {
      const { url } = await serve({ Coder: [{ text: "Hi" }] });
      // The credentials of somebody who does not look at keys; the client refuses it as a header.
      const credentials = { keys: () => Promise.resolve([`${SECRET}\n${SECRET}`]) };
      const { gateway } = gatewayWith({ endpoints: allAt(url), credentials, clock: quickClock() });
      const charge = chargeTo(agentWith(protocol.provider(url), { max_retries: 0 }));
      const said = await ask(gateway, question("Hello"), charge).catch((error: unknown) => error);
      const shown = said instanceof CoditectError ? [said.message, said.nextStep, said.data] : said;
      assert.ok(!JSON.stringify(shown).includes(SECRET), protocol.name);
    });
  });
}
