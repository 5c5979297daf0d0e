import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { openStore } from "../../server/store/open.ts";
import { hasPeers } from "./peers.ts";
import { median, type Report } from "./report.ts";
import {
  openAppend,
  openJsonFile,
  openLmdb,
  openOurs,
  openSqlite,
  type Contender,
  type Open,
} from "./store/contenders.ts";
import { commitsPerSecond, longestTurn, withContender, type LongestTurn } from "./store/measure.ts";
import { execution, tenantId } from "./store/record.ts";

const SIZES = [100, 10_000, 50_000, 200_000];
/** Above this, lowdb's own adapter takes seconds for one commit. */
const LARGEST_JSON_FILE = 50_000;
const SECONDS = 0.5;
const ROUNDS = 5;
const CALLERS = 256;
const MANY_PER_SECOND = 45_000;
const BLOCK_MS = 10;
const OPEN_MS = 500;

/** What commits are compared with: SQLite, or the floor where it is not installed. */
const reference: { name: string; open: Open } = hasPeers()
  ? { name: "SQLite FULL", open: openSqlite }
  : { name: "append + fsync", open: openAppend };

/**
 * Commits of a 2 KB record with three indexes, against SQLite (WAL, synchronous=FULL, the same
 * indexes), lmdb, lowdb's own file adapter and a bare append with fsync.
 */
export default async function run(report: Report): Promise<void> {
  const singles: number[] = [];
  for (const size of SIZES) singles.push(await measureCommits(report, size));
  const [smallest = 0] = singles;
  const largest = singles.at(-1) ?? 0;
  report.report({
    name: `commits of one caller at ${label(SIZES.at(-1) ?? 0)} records`,
    value: largest,
    unit: "/s",
    against: { name: `at ${SIZES[0] ?? 0}`, value: smallest },
    goal: "a commit costs the same at any number of records (at least 0.7×)",
    holds: largest >= 0.7 * smallest,
  });
  await measureBytes(report);
  for (const size of SIZES.slice(1)) await measureResident(report, size);
}

const label = (size: number): string => size.toLocaleString("en");

const measureCommits = async (report: Report, size: number): Promise<number> => {
  const at = `at ${label(size)} records`;
  const one = (contender: Contender) => commitsPerSecond(contender, { size, callers: 1, seconds: SECONDS });
  const many = (contender: Contender) =>
    commitsPerSecond(contender, { size, callers: CALLERS, seconds: SECONDS });
  const both = (open: Open) =>
    withContender(open, size, async (contender) => ({
      one: await one(contender),
      many: await many(contender),
    }));

  const { ours, theirs } = await withContender(reference.open, size, (peer) =>
    withContender(openOurs, size, async (own) => {
      const single = await inTurns(own, peer, one);
      const turn: LongestTurn = { wall: 0, busy: 0 };
      const concurrent = await inTurns(own, peer, async (contender) => {
        let found = 0;
        const { wall, busy } = await longestTurn(async () => {
          found = await many(contender);
        });
        if (contender === own)
          Object.assign(turn, { wall: Math.max(turn.wall, wall), busy: Math.max(turn.busy, busy) });
        return found;
      });
      return {
        ours: { one: single.own, many: concurrent.own, turn },
        theirs: { one: single.peer, many: concurrent.peer },
      };
    }),
  );
  report.report({
    name: `commits of one caller ${at}`,
    value: ours.one,
    unit: "/s",
    against: { name: reference.name, value: theirs.one },
    goal: "no less than SQLite",
    holds: hasPeers() ? ours.one >= theirs.one : null,
  });
  report.report({
    name: `commits of ${CALLERS} callers ${at}`,
    value: ours.many,
    unit: "/s",
    against: { name: reference.name, value: theirs.many },
    goal: `${label(MANY_PER_SECOND)}/s or 10× SQLite`,
    holds: ours.many >= MANY_PER_SECOND || (hasPeers() ? ours.many >= 10 * theirs.many : null),
  });
  reportTurn(report, `with ${CALLERS} callers ${at}`, ours.turn);
  await compareWithOthers(report, size, ours, both);
  return ours.one;
};

/**
 * Measures the two by turns and takes the middle of each, so that what else the machine does at the
 * moment meets both.
 */
const inTurns = async (
  own: Contender,
  peer: Contender,
  measure: (contender: Contender) => Promise<number>,
): Promise<{ own: number; peer: number }> => {
  const found = { own: [] as number[], peer: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    found.own.push(await measure(own));
    found.peer.push(await measure(peer));
  }
  return { own: median(found.own), peer: median(found.peer) };
};

/** By the clock on a machine that does nothing else; otherwise the time on the processor counts. */
const reportTurn = (report: Report, when: string, { wall, busy }: LongestTurn): void => {
  report.report({
    name: `longest turn of the event loop ${when}`,
    value: busy,
    unit: "ms",
    against: { name: "by the clock", value: wall },
    goal: `under ${BLOCK_MS} ms on the processor, the callers' own work included`,
    holds: busy < BLOCK_MS,
  });
};

/** The others, for the picture: no goal is set against them. */
const compareWithOthers = async (
  report: Report,
  size: number,
  ours: { one: number; many: number },
  both: (open: Open) => Promise<{ one: number; many: number }>,
): Promise<void> => {
  const others: [string, Open][] = [
    ...(hasPeers() ? [["lmdb", openLmdb] satisfies [string, Open]] : []),
    ["append + fsync", openAppend],
    ...(size <= LARGEST_JSON_FILE ? [["lowdb JSONFile", openJsonFile] satisfies [string, Open]] : []),
  ];
  for (const [name, open] of others) {
    const other = await both(open);
    for (const callers of ["one", "many"] as const)
      report.report({
        name: `commits of ${callers === "one" ? "one caller" : `${CALLERS} callers`} at ${label(size)} records`,
        value: ours[callers],
        unit: "/s",
        against: { name, value: other[callers] },
        goal: "",
        holds: null,
      });
  }
};

/** Bytes that reach the journal for each byte of changed records. */
const measureBytes = async (report: Report): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-bench-"));
  const store = await openStore({ folder, tenantId, foldAt: Infinity });
  const journalBytes = async (): Promise<number> => {
    const names = (await readdir(folder)).filter((name) => name.startsWith("journal"));
    // Without the room behind the last line, which is there for the commits to come.
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name))));
    return texts.reduce((sum, text) => sum + text.lastIndexOf("\n") + 1, 0);
  };
  for (const [name, turn] of [
    ["a new record with three indexes", 0],
    ["a changed record", 1],
  ] as const) {
    const before = await journalBytes();
    let changed = 0;
    for (let number = 0; number < 200; number += 1) {
      const record = execution(number, turn);
      changed += Buffer.byteLength(JSON.stringify(record));
      await store.commit((transaction) => {
        transaction.put("executions", record);
      });
    }
    const ratio = ((await journalBytes()) - before) / changed;
    report.report({
      name: `bytes written per byte of ${name}`,
      value: ratio,
      unit: "×",
      against: null,
      goal: "at most 1.2",
      holds: ratio <= 1.2,
    });
  }
  await store.close();
  await rm(folder, { recursive: true });
};

const Resident = z.object({
  milliseconds: z.number(),
  block: z.object({ wall: z.number(), busy: z.number() }),
  bytes: z.number(),
  jsonBytes: z.number(),
});

/** What opening takes and holding costs, in a process of its own. */
const measureResident = async (report: Report, size: number): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-bench-"));
  await (await openOurs(folder, size)).close();
  const script = fileURLToPath(new URL("./store/resident.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder]);
  const { milliseconds, block, bytes, jsonBytes } = Resident.parse(JSON.parse(stdout));
  const at = `${label(size)} records`;
  report.report({
    name: `opening ${at}`,
    value: milliseconds,
    unit: "ms",
    against: null,
    goal: size === 50_000 ? `under ${OPEN_MS} ms` : "",
    holds: size === 50_000 ? milliseconds < OPEN_MS : null,
  });
  reportTurn(report, `while opening ${at}`, block);
  report.report({
    name: `memory for ${at}`,
    value: bytes / 2 ** 20,
    unit: "MB",
    against: { name: "its JSON", value: jsonBytes / 2 ** 20 },
    goal: "under 2× the JSON",
    holds: bytes < 2 * jsonBytes,
  });
  await rm(folder, { recursive: true });
};
