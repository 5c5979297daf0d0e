import { z } from "zod";
import { skipUnlessNull } from "../support/skip.ts";
import { runInHost } from "./host.ts";
import { missingPart } from "./parts.ts";
import { endShared } from "./suite.ts";

const Results = z.array(z.object({ title: z.string(), error: z.string().nullable() }));

const missing = missingPart();

describe("in the extension host", function () {
  skipUnlessNull(this, missing);
  // It works to deadlines of its own, which follow the machine's pace.
  this.timeout(0);
  let results: z.infer<typeof Results> = [];

  before(async () => {
    await endShared();
    results = Results.parse(JSON.parse(await runInHost("suite", { "chat.disableAIFeatures": false })));
  });

  it("every test of the suite passes", () => {
    const failed = results.filter(({ error }) => error !== null);
    if (failed.length > 0 || results.length === 0)
      throw new Error(
        failed.map(({ title, error }) => `${title}\n${error ?? ""}`).join("\n\n") || "no test ran",
      );
    process.stdout.write(results.map(({ title }) => `      ✔ ${title}\n`).join(""));
  });
});
