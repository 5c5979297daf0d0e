import assert from "node:assert/strict";
import { leftOutByCargo, leftOutByGo } from "../../../server/worker/runners/left-out.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const rust = "#[test]\nfn adds() { assert_eq!(1, 2); }\n";
const go = (head: string, body = "func TestAdds(t *testing.T) {}"): string =>
  `${head}package shop\n\nimport "testing"\n\n${body}\n`;

describe("test files that a build leaves out", () => {
  let open: TestWorkspace | null = null;
  const folderOf = async (files: Record<string, string>): Promise<string> =>
    (open = await testWorkspace(files)).root;
  afterEach(async () => {
    await open?.remove();
  });

  it("are those of Rust that no module names", async () => {
    const files = {
      "Cargo.toml": '[package]\nname = "shop"\n\n[[test]]\nname = "own"\npath = "checks/own.rs"\n',
      "src/lib.rs": 'mod cart;\n// mod tax;\n#[path = "vat.rs"]\nmod rates;\n',
      "src/cart.rs": `mod deep;\n${rust}`,
      "src/cart/deep.rs": rust,
      "src/tax.rs": rust,
      "src/vat.rs": rust,
      "src/bin/till.rs": rust,
      "tests/cart.rs": rust,
      "tests/it/main.rs": "mod basket;\n",
      "tests/it/basket/mod.rs": rust,
      "tests/deep/more.rs": rust,
      "tests/fixtures/data.rs": "pub fn one() -> i32 { 1 }\n",
      "checks/own.rs": rust,
    };
    const folder = await folderOf(files);
    const given = Object.keys(files).filter((path) => path.endsWith(".rs"));
    assert.deepEqual(
      (await leftOutByCargo(folder, given)).map(({ file }) => file),
      ["src/tax.rs", "tests/deep/more.rs"],
    );
  });

  it("are those of Go for another build, each with its reason", async () => {
    const files = {
      "slow_test.go": go("// About it.\n\n//go:build integration\n\n"),
      "old_test.go": go("// +build integration\n\n"),
      "path_windows_test.go": go(""),
      "bits_arm64_test.go": go(""),
      "testdata/x_test.go": go(""),
      "_draft/x_test.go": go(""),
      "helpers_test.go": go("//go:build integration\n\n", "func helper(t *testing.T) {}"),
      "add_test.go": go("", "//go:build later is a text\nfunc TestAdds(t *testing.T) {}"),
    };
    const folder = await folderOf(files);
    assert.deepEqual(
      leftOutByGo(folder, Object.keys(files)).map(({ file, reason }) => `${file}: ${reason}`),
      [
        "slow_test.go: Go leaves it out because of its line `//go:build integration`",
        "old_test.go: Go leaves it out because of its line `// +build integration`",
        "path_windows_test.go: Go leaves it out because of its name, which is only for windows",
        "bits_arm64_test.go: Go leaves it out because of its name, which is only for arm64",
        "testdata/x_test.go: Go ignores files and folders that are called testdata",
        "_draft/x_test.go: Go ignores files and folders that are called _draft",
      ],
    );
  });
});
