import assert from "node:assert/strict";
import { testId } from "../../../server/teams/gates/compare.ts";

const idOf = (name: string): string => testId({ file: "a.test.ts", name });

describe("the identity of a test", () => {
  const alike: [what: string, one: string, other: string][] = [
    ["a moment", "at 2026-11-29T06:10:18.120Z", "at 2026-11-30T07:11:19.121Z"],
    ["a date in words", "at Sun Nov 29 2026 06:10:18 GMT+0000", "at Mon Nov 30 2026 07:10:18 GMT+0000"],
    ["milliseconds since 1970", "at 1795932272453", "at 1795932272999"],
    ["a clock's reading", "took 12.3456789", "took 9.87654321"],
    ["a temporary folder", "reads /tmp/x-1a2b3c/a.txt", "reads /tmp/x-9z8y7x/a.txt"],
    ["macOS's temporary folder", "reads /var/folders/1q/T/ab/a", "reads /var/folders/1q/T/cd/a"],
    ["a port", "asks http://localhost:43123/x", "asks http://localhost:51234/x"],
    ["an address", "<object at 0x7fd4074bd520>", "<object at 0x7fd4074bd888>"],
    ["a moment as Go writes it", "at_2026-11-29_22:01:02.5_+0000_UTC", "at_2026-11-30_07:11:19.25_+0000_UTC"],
    [
      "a moment with Go's clock",
      "at_2026-11-29_22:01:02.5_+0000_UTC_m=+0.1",
      "at_2026-11-30_07:11:19_+0000_UTC_m=+12.25",
    ],
    ["a date as Go writes it", "at_Sun_Nov_29_22:01:02_2026", "at_Mon_Nov_30_07:11:19_2026"],
    ["a process", "stops process 4711", "stops process 128"],
    ["a process with its short name", "TestStop/pid_4711", "TestStop/pid_31337"],
    ["a random identifier in base 36", "keeps k3j9x2m1qz8", "keeps 0qw7ert5y12"],
    ["a random identifier", "keeps 4f9a8c7b6d5e4f3a", "keeps 0a1b2c3d4e5f6a7b"],
  ];
  for (const [what, one, other] of alike)
    it(`is the same with another value of ${what}`, () => {
      assert.equal(idOf(one), idOf(other));
    });

  it("keeps what a person wrote into the name", () => {
    const names = [
      "adds 1 + 2",
      "adds 2 + 3",
      "waits 10 ms",
      "waits 20 ms",
      "is 0.5",
      "is 0.25",
      "version 1.2.3",
      "reads base64url",
      "reads sha256sum",
      "reads sha512sum",
      "a process of 3 steps",
      "a process of 4 steps",
      "Sun Nov 29 is a holiday",
      "Mon Nov 30 is a holiday",
      "answers 404",
      "answers 405",
    ];
    assert.equal(new Set(names.map(idOf)).size, names.length);
  });
});
