import { byNames } from "../../../schemas/test-layout.ts";
import assert from "node:assert/strict";
import type { GateName } from "../../../schemas/gates.ts";
import { brokenDiagrams, diagramsIn } from "../../../server/teams/gates/diagrams.ts";
import { localLinks } from "../../../server/teams/gates/documents.ts";
import type { GateContext } from "../../../server/teams/gates/gate.ts";
import { feedbackOf, proveGates } from "../../../server/teams/gates/gates.ts";

const signal = (): AbortSignal => AbortSignal.timeout(60_000);
const notAsked = (): Promise<never> => Promise.reject(new Error("no gate of documents runs tests"));

/** A stage that wrote these documents. */
const context = (documents: Record<string, string>): GateContext => ({
  ground: { prepare: notAsked, runTests: notAsked },
  changes: [],
  wholeChange: null,
  part: () => null,
  mutantsThreshold: 0.8,
  equivalents: new Map(),
  budgetMs: 45_000,
  after: new Map(Object.keys(documents).map((path) => [path, `hash of ${path}`])),
  before: new Map(),
  provenTests: null,
  heldBack: { changes: [], proven: [] },
  provenRed: null,
  baseline: notAsked,
  findings: [],
  allowTestChanges: false,
  mayRemoveTests: true,
  readBase: () => Promise.resolve(null),
  layout: byNames,
  readText: (path) => Promise.resolve(documents[path] ?? null),
  exists: (path) => Promise.resolve(path in documents),
  now: () => "2026-01-31T12:00:00.000Z",
  signal: signal(),
});

const prove = async (gate: GateName, documents: Record<string, string>) => {
  const [proof] = await proveGates([gate], context(documents), () => undefined);
  assert.ok(proof);
  return proof;
};

const mermaid = (...lines: string[]): string => ["```mermaid", ...lines, "```", ""].join("\n");
const flow = mermaid("flowchart TD", "  guest[Guest] --> bill{Paid?}");
const broken = mermaid("flowchart TD", "  guest[Guest --> bill");

describe("links of a document", () => {
  it("are resolved against where it stands; what leads outside or stands in code is left alone", () => {
    const text = [
      "[a](other.md#top) ![b](../media/x.png) [c](https://example.org) [d](#here) [e](/README.md)",
      "```md",
      "[not](a-link.md)",
      "```",
    ].join("\n");
    assert.deepEqual(localLinks("docs/adr/0001.md", text), [
      "docs/adr/other.md",
      "docs/media/x.png",
      "README.md",
    ]);
  });

  it("are taken as they are written when an escape stands for nothing", () => {
    assert.deepEqual(localLinks("a.md", "[a](100%.md) [b](b%20c.md)"), ["100%.md", "b c.md"]);
  });
});

describe("diagrams of a document", () => {
  it("are found in either fence, with the line they begin at", () => {
    const text = `# A\n\n${flow}~~~ Mermaid\r\npie\r\n~~~\n\n\`\`\`js\nflowchart\n\`\`\`\n`;
    assert.deepEqual(diagramsIn(text), [
      { line: 4, text: "flowchart TD\n  guest[Guest] --> bill{Paid?}\n" },
      { line: 8, text: "pie\n" },
    ]);
  });

  const kinds = {
    flowchart: "flowchart LR\n  a[Über] --> b & c",
    sequence: "sequenceDiagram\n  Guest->>Till: pays",
    class: "classDiagram\n  class Amount {\n    +number cents\n  }",
    state: "stateDiagram-v2\n  [*] --> Open\n  Open --> Paid",
    "entity relationship": "erDiagram\n  BILL ||--o{ ITEM : has",
    C4: 'C4Context\n  Person(guest, "Guest")\n  System(till, "Till")\n  Rel(guest, till, "pays at")',
    gantt: "gantt\n  title Plan\n  section One\n  Write: 2026-01-01, 3d",
    mindmap: "mindmap\n  root\n    branch",
    architecture: "architecture-beta\n  service db(database)[Database]",
    block: 'block-beta\n  columns 1\n  a["A"]',
  };
  it(`of every common kind can be read: ${Object.keys(kinds).join(", ")}`, async () => {
    const diagrams = Object.values(kinds).map((text, line) => ({ line, text }));
    assert.deepEqual(await brokenDiagrams(diagrams, signal()), []);
  });

  it("are told apart: only the broken one of three is named, with the reason", async () => {
    const diagrams = diagramsIn(`${flow}${broken}${flow}`);
    const found = await brokenDiagrams(diagrams, signal());
    assert.deepEqual(
      found.map(({ diagram }) => diagram.line),
      [6],
    );
    assert.match(found[0]?.problem ?? "", /Parse error/);
  });

  it("are not waited for when the run is cancelled", async () => {
    await assert.rejects(brokenDiagrams(diagramsIn(flow), AbortSignal.abort()), { name: "AbortError" });
  });
});

describe("the gate documents", () => {
  it("holds when every link leads somewhere and every diagram can be read", async () => {
    const proof = await prove("documents", { "docs/a.md": `[b](b.md)\n\n${flow}`, "docs/b.md": "" });
    assert.deepEqual(
      [proof.held, proof.reason],
      [true, "2 documents changed; every link leads somewhere, and Mermaid reads 1 diagram."],
    );
  });

  it("says which link leads nowhere, and which diagram cannot be read", async () => {
    const proof = await prove("documents", { "docs/a.md": `[b](b.md)\n\n${broken}` });
    assert.deepEqual(
      [proof.held, proof.reason],
      [false, "1 link leads nowhere. 1 Mermaid diagram cannot be read."],
    );
    assert.match(
      feedbackOf([proof]),
      /docs\/a\.md: docs\/b\.md does not exist\ndocs\/a\.md:4 .*Parse error/s,
    );
  });
});

describe("the gate diagrams", () => {
  it("holds when a diagram was drawn", async () => {
    assert.equal((await prove("diagrams", { "a.md": flow })).held, true);
  });

  it("does not hold when none was drawn, or one cannot be read", async () => {
    const proofs = await Promise.all([
      prove("diagrams", { "a.md": "```js\nflowchart TD\n```\n" }),
      prove("diagrams", { "a.md": `${flow}${broken}` }),
    ]);
    assert.deepEqual(
      proofs.map(({ held, reason }) => [held, reason]),
      [
        [false, "No changed document has a Mermaid diagram."],
        [false, "1 Mermaid diagram cannot be read."],
      ],
    );
  });
});
