import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "mocha";
import { findProgram } from "../../../server/workspace/find-program.ts";
import { type ToolWorkspace, toolWorkspace } from "../../support/open-tools.ts";
import { skipUnlessNull } from "../../support/skip.ts";

const ffmpeg = findProgram("ffmpeg");
const never = new AbortController().signal;

describe("the frames of a video", function () {
  skipUnlessNull(this, ffmpeg === null ? "ffmpeg is not installed" : null);
  let files: ToolWorkspace;
  const pathOf = (name: string): string => join(files.folder, name);

  before(() => {
    files = toolWorkspace();
    // Its picture counts the tenths of a second, so no two frames are alike.
    const source = "testsrc=duration=2:size=1600x900:rate=10";
    const video = ["-f", "lavfi", "-i", source, "-c:v", "mpeg4", pathOf("démo one.mp4")];
    execFileSync(ffmpeg ?? "", ["-v", "error", ...video]);
    writeFileSync(pathOf("broken.mp4"), "no video");
    writeFileSync(pathOf("list.mp4"), `ffconcat version 1.0\nfile '${pathOf("démo one.mp4")}'\n`);
  });
  after(() => files.remove());

  it("are four pictures of different moments, not too large, once for each state of the file", async () => {
    const { frames: take } = files.open();
    const taken = await take(pathOf("démo one.mp4"), never);
    assert.ok("frames" in taken, JSON.stringify(taken));
    assert.deepEqual(
      taken.frames.map(({ second }) => second),
      [0.25, 0.75, 1.25, 1.75],
    );
    const pictures = taken.frames.map(({ picture }) => picture);
    for (const picture of pictures) {
      assert.deepEqual([...picture.subarray(0, 3)], [0xff, 0xd8, 0xff]);
      assert.ok(picture.length < 1024 * 1024);
    }
    assert.equal(new Set(pictures.map(String)).size, 4);
    assert.equal(await take(pathOf("démo one.mp4"), never), taken);
    assert.deepEqual(readdirSync(pathOf(".scratch")), []);
  });

  it("are none, with the reason, of what is no video", async () => {
    const { frames: take } = files.open();
    for (const name of ["broken.mp4", "list.mp4"]) {
      const taken = await take(pathOf(name), never);
      assert.ok("problem" in taken, name);
      assert.match(taken.problem, /^ffmpeg cannot read it: /, name);
    }
  });

  it("are taken once ffmpeg is there, and none of them is a link to another file", async () => {
    const { PATH = "" } = process.env;
    const programs = mkdtempSync(join(tmpdir(), "coditect-ffmpeg-"));
    const { frames: take } = files.open();
    // A video that takes over ffmpeg can do what this script does.
    const script = `#!/bin/sh\nln -s ${pathOf("broken.mp4")} frame-0.jpg\necho picture > frame-1.jpg\n`;
    try {
      process.env.PATH = programs;
      const missing = { problem: "ffmpeg is not installed, which takes pictures of its frames" };
      assert.deepEqual(await take(pathOf("broken.mp4"), never), missing);
      for (const name of ["ffmpeg", "ffprobe"]) writeFileSync(join(programs, name), script, { mode: 0o755 });
      process.env.PATH = [programs, PATH].join(delimiter);
      const taken = await take(pathOf("broken.mp4"), never);
      assert.ok("frames" in taken, JSON.stringify(taken));
      assert.deepEqual(
        taken.frames.map(({ second, picture }) => [second, String(picture)]),
        [[1, "picture\n"]],
      );
    } finally {
      process.env.PATH = PATH;
      rmSync(programs, { recursive: true });
    }
  });
});
