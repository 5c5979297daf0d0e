import assert from "node:assert/strict";
import type { VideoFrames } from "../../../schemas/video-frames.ts";
import { picturesNamed } from "../../../server/context/pictures.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

describe("pictures that a task names", () => {
  let workspace: TestWorkspace;
  before(async () => {
    workspace = await testWorkspace({
      "docs/bug.png": "png",
      "shot.JPEG": "jpeg",
      "a.gif": "gif",
      "b.gif": "gif",
      "c.webp": "webp",
      "large.png": Buffer.alloc(1024 * 1024 + 1),
      "private/secret.png": "secret",
      "docs/demo.MP4": "video",
      ".coditectignore": "private/\n",
    });
  });
  after(() => workspace.remove());
  const never = new AbortController().signal;
  const named = async (task: string, taken: VideoFrames = { frames: [] }) => {
    const { items, left_out } = await picturesNamed(
      task,
      workspace.root,
      () => Promise.resolve(taken),
      never,
    );
    return { items: items.map(({ name, mime_type }) => [name, mime_type]), left_out };
  };

  it("are found by their paths, each once, however the sentence goes on", async () => {
    const task = "See docs/bug.png, (shot.JPEG) and `docs/bug.png`.";
    assert.deepEqual(await named(task), {
      items: [
        ["docs/bug.png", "image/png"],
        ["shot.JPEG", "image/jpeg"],
      ],
      left_out: [],
    });
  });

  it("are files of the workspace that agents may see, and nothing else", async () => {
    const task = "gone.png ../out.png /etc/x.png https://example.com/y.png private/secret.png docs.png/";
    assert.deepEqual(await named(task), { items: [], left_out: [] });
  });

  it("are the frames of a video, which agents cannot see", async () => {
    const frame = (second: number) => ({ second, picture: Buffer.from("jpeg") });
    const task = "Do it as docs/demo.MP4 shows.";
    assert.deepEqual(await named(task, { frames: [frame(1), frame(2.5)] }), {
      items: [
        ["docs/demo.MP4, frame at 1.0 s", "image/jpeg"],
        ["docs/demo.MP4, frame at 2.5 s", "image/jpeg"],
      ],
      left_out: [],
    });
  });

  it("are requested instead of a video without frames", async () => {
    assert.deepEqual(await named("Do it as docs/demo.MP4 shows.", { problem: "ffmpeg is not installed" }), {
      items: [],
      left_out: [
        {
          name: "docs/demo.MP4",
          reason:
            "agents cannot see videos, and ffmpeg is not installed; name pictures of its frames instead",
        },
      ],
    });
  });

  it("are left out with the reason when they are too large or too many", async () => {
    const { items, left_out } = await named("large.png docs/bug.png shot.JPEG a.gif b.gif c.webp");
    assert.equal(items.length, 4);
    assert.deepEqual(left_out, [
      { name: "large.png", reason: "it is larger than 1 MB" },
      { name: "c.webp", reason: "only 4 pictures are given" },
    ]);
  });
});
