import assert from "node:assert/strict";
import { build } from "esbuild";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { nothingDrawn } from "../../../scripts/bundle-plugins.ts";
import { root } from "../../support/command.ts";

/** One of each kind that Mermaid reads, for what draws them is left out of the bundle. */
const diagrams = [
  "flowchart LR\n  a[Über] --> b & c",
  "sequenceDiagram\n  Guest->>Till: pays",
  "classDiagram\n  class Amount {\n    +number cents\n  }",
  "stateDiagram-v2\n  [*] --> Open",
  "erDiagram\n  BILL ||--o{ ITEM : has",
  'C4Context\n  Person(guest, "Guest")',
  "gantt\n  title Plan\n  section One\n  Write: 2026-01-01, 3d",
  "mindmap\n  root\n    branch",
  "architecture-beta\n  service db(database)[Database]",
  'block-beta\n  columns 1\n  a["A"]',
  "gitGraph\n  commit",
  'pie\n  "a": 3',
  "requirementDiagram\n  requirement a {\n    id: 1\n  }",
  "timeline\n  title a\n  2002 : b",
  "journey\n  title a\n  section b\n    c: 5: d",
  "quadrantChart\n  title a",
  "xychart-beta\n  x-axis [a, b]\n  bar [1, 2]",
  "sankey-beta\n  a,b,3",
  'packet-beta\n  0-15: "a"',
  "kanban\n  a",
];

describe("the thread that reads diagrams, bundled as dist/ has it", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-diagrams-"));
    await build({
      entryPoints: [join(root, "server", "teams", "gates", "diagram-thread.ts")],
      outfile: join(folder, "diagrams.js"),
      ...{ plugins: [nothingDrawn], bundle: true, platform: "node", format: "cjs", logLevel: "error" },
    });
  });
  after(() => rm(folder, { recursive: true }));

  it("reads every kind of diagram, and still finds what is broken", async () => {
    const workerData = [...diagrams, "flowchart LR\n  a[Open"];
    const thread = new Worker(join(folder, "diagrams.js"), { workerData });
    const problems: unknown[] = [];
    thread.on("message", (problem) => problems.push(problem));
    await once(thread, "exit");
    assert.deepEqual(
      problems.slice(0, -1),
      diagrams.map(() => null),
    );
    assert.match(String(problems.at(-1)), /Parse error/);
  });
});
