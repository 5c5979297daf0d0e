import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestReport } from "../../../schemas/tests.ts";
import { adapters } from "../../../server/worker/runners/adapters.ts";
import { nextestFile } from "../../../server/worker/runners/cargo.ts";
import { describeResults } from "../../../server/worker/runners/report.ts";
import type { TestResults } from "../../../server/worker/runners/runner.ts";
import { emptyScript } from "../../../server/workspace/test-script.ts";

type Runner =
  "maven" | "gradle" | "dotnet" | "phpunit" | "nextest" | "cypress" | "playwright" | "rspec" | "bun";

const folders: string[] = [];

const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "class reports "));
  folders.push(folder);
  return folder;
};

const write = async (root: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
};

/** The result that the runner's adapter reads from these files after the runner ended with `exit`. */
const read = async (
  runner: Runner,
  files: Readonly<Record<string, string>>,
  { exit = 1, output = "" } = {},
): Promise<TestResults> => {
  const folder = await newFolder();
  await write(folder, files);
  const reportFolder = join(folder, "report");
  const job = { runner, folder, program: null, script: emptyScript, files: null, name: null };
  const ended = { exit_code: exit, signal: null, timed_out: false, duration_ms: 1000 };
  return adapters[runner].read(
    { ...job, coverage: false, reportFolder },
    { ...ended, output: output.replaceAll("<folder>", folder) },
  );
};

/** The same result for a run of only these files. */
const reportOf = async (
  files: Readonly<Record<string, string>>,
  wanted: string[],
  output: string,
): Promise<TestReport> => {
  const folder = await newFolder();
  await write(folder, files);
  const job = {
    runner: "maven" as const,
    folder,
    program: null,
    script: emptyScript,
    files: wanted,
    name: null,
  };
  const given = { ...job, coverage: false, reportFolder: join(folder, "report") };
  const said = output.replaceAll("<folder>", folder);
  const ended = { exit_code: 1, signal: null, timed_out: false, duration_ms: 1000, output: said };
  const results = await adapters.maven.read(given, ended);
  return describeResults(folder, given, { command: ["mvn"], ended, results });
};

const outline = ({ tests, load_errors, errors }: TestResults): string[] => [
  ...tests.map(({ file, name, status }) => `${file} > ${name}: ${status}`),
  ...load_errors.map(({ file }) => `not loaded: ${file.replace(/^.*class reports [^/]*\//, "")}`),
  ...errors.map(({ name }) => `error: ${name}`),
];

/** Reports that Surefire 3.2.5 with JUnit 5.11 wrote, without their properties and stacks. */
const surefire = {
  "core/src/test/java/shop/CartTest.java": "class CartTest { class Empty {} }\nclass SecondTest {}\n",
  "core/src/test/java/shop/SetupTest.java": "class SetupTest {}",
  "core/src/test/java/shop/TeardownTest.java": "class TeardownTest {}",
  "web/src/test/java/shop/CartTest.java": "class CartTest {}",
  "core/target/surefire-reports/TEST-shop.SetupTest.xml": `<testsuite name="shop.SetupTest" tests="1" errors="1">
    <testcase name="" classname="shop.SetupTest" time="0.02">
      <error message="no database" type="java.lang.IllegalStateException"><![CDATA[at shop.SetupTest.open(SetupTest.java:3)]]></error>
      <rerunError message="no database" type="java.lang.IllegalStateException"><stackTrace>again</stackTrace></rerunError>
    </testcase></testsuite>`,
  "core/target/surefire-reports/TEST-shop.TeardownTest.xml": `<testsuite name="shop.TeardownTest" tests="2" errors="1">
    <testcase name="one" classname="shop.TeardownTest" time="0.331"/>
    <testcase name="" classname="shop.TeardownTest" time="0.679">
      <error message="still open" type="java.lang.IllegalStateException"/></testcase></testsuite>`,
  "core/target/surefire-reports/TEST-shop.CartTest$Empty.xml": `<testsuite name="shop.CartTest$Empty" tests="2">
    <testcase name="flaky" classname="shop.CartTest" time="0.023"><failure message="first time" type="org.opentest4j.AssertionFailedError"/></testcase>
    <testcase name="isEmpty" classname="shop.CartTest$Empty" time="0.005"/></testsuite>`,
  "core/target/surefire-reports/TEST-shop.CartTest.xml": `<testsuite name="shop.CartTest" tests="1">
    <testcase name="flaky" classname="shop.CartTest" time="0.001"/></testsuite>`,
  "core/target/surefire-reports/TEST-shop.SecondTest.xml": `<testsuite name="shop.SecondTest" tests="2">
    <testcase name="second" classname="shop.SecondTest" time="0.025"/>
    <testcase name="late" classname="shop.SecondTest" time="0.01">
      <flakyFailure message="first time" type="org.opentest4j.AssertionFailedError"><stackTrace>at first</stackTrace><system-out>said</system-out></flakyFailure>
    </testcase></testsuite>`,
  "web/target/surefire-reports/TEST-shop.CartTest.xml": `<testsuite name="shop.CartTest" tests="1">
    <testcase name="page" classname="shop.CartTest" time="0.4"/></testsuite>`,
};

const inCore = "core/src/test/java/shop";

describe("reports that name classes", () => {
  after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  it("separate failures of a class before or after its tests from the tests (Surefire)", async () => {
    assert.deepEqual(outline(await read("maven", surefire)), [
      `${inCore}/CartTest.java > shop.CartTest > flaky: failed`,
      `${inCore}/CartTest.java > shop.CartTest$Empty > isEmpty: passed`,
      `${inCore}/CartTest.java > shop.CartTest > flaky: passed`,
      `${inCore}/CartTest.java > shop.SecondTest > second: passed`,
      `${inCore}/CartTest.java > shop.SecondTest > late: passed`,
      `${inCore}/TeardownTest.java > shop.TeardownTest > one: passed`,
      "web/src/test/java/shop/CartTest.java > shop.CartTest > page: passed",
      `not loaded: ${inCore}/SetupTest.java`,
      "error: shop.TeardownTest failed outside of its tests",
    ]);
  });

  it("leave out a failure of an earlier try if Maven itself says that nothing failed", async () => {
    const { tests } = await read("maven", surefire, { exit: 0 });
    const flaky = tests.filter(({ name }) => name.endsWith("flaky"));
    assert.deepEqual(
      flaky.map(({ status }) => status),
      ["passed"],
    );
  });

  it("name what a compiler refused in one module, even if tests of other modules ran", async () => {
    const output =
      "[INFO] Building core\n[ERROR] COMPILATION ERROR :\n[ERROR] <folder>/core/src/test/java/shop/SetupTest.java:[3,1] cannot find symbol\n";
    const files = Object.fromEntries(
      Object.entries(surefire).filter(([path]) => !/^core.*\.xml$/.test(path)),
    );
    assert.deepEqual(outline(await read("maven", files, { output })), [
      "web/src/test/java/shop/CartTest.java > shop.CartTest > page: passed",
      `not loaded: ${inCore}/SetupTest.java`,
    ]);
    const warning = "<folder>/core/src/test/java/shop/SetupTest.java:3: warning: [removal] old\n";
    assert.deepEqual((await read("gradle", files, { output: warning })).load_errors, []);
  });

  it("tell failed assertions from errors, with the frames of the project alone (Surefire, Gradle)", async () => {
    // As Surefire 3.2.5 writes the failures of JUnit 5.10.
    const report = `<testsuite name="shop.CartTest">
      <testcase name="adds" classname="shop.CartTest"><failure message="expected: &lt;3&gt; but was: &lt;1&gt;" type="org.opentest4j.AssertionFailedError"><![CDATA[org.opentest4j.AssertionFailedError: expected: <3> but was: <1>
	at org.junit.jupiter.api.AssertEquals.failNotEqual(AssertEquals.java:197)
	at shop.CartTest.adds(CartTest.java:7)
	at java.base/java.util.ArrayList.forEach(ArrayList.java:1511)
]]></failure></testcase>
      <testcase name="late" classname="shop.CartTest"><error message="later" type="java.lang.UnsupportedOperationException"><![CDATA[java.lang.UnsupportedOperationException: later
	at app//shop.Cart.late(Cart.java:4)
	at shop.CartTest.late(CartTest.java:10)
Caused by: java.lang.IllegalStateException: inner
	... 4 more
]]></error></testcase>
      <testcase name="bad" classname="shop.CartTest"><error message="Index 0" type="java.lang.IndexOutOfBoundsException"><![CDATA[java.lang.IndexOutOfBoundsException: Index 0
	at java.base/java.util.ArrayList.get(ArrayList.java:427)
	at shop.CartTest.bad(CartTest.java:9)
]]></error></testcase>
      <testcase name="own" classname="shop.CartTest"><failure message="no" type="shop.Unlike">no</failure></testcase></testsuite>`;
    const files = (place: string) => ({
      [`core/${place}/TEST-shop.CartTest.xml`]: report,
      "core/src/main/java/shop/Cart.java": "package shop;",
      "core/src/test/java/shop/CartTest.java": "package shop; class CartTest {}",
      "core/src/main/java/shop/ArrayList.java": "package shop;",
    });
    const found = ({ tests }: TestResults) =>
      tests.map(({ name, failure, message }) => [name.split(" > ")[1], failure, message]);
    const expected = [
      [
        "adds",
        "assertion",
        `org.opentest4j.AssertionFailedError: expected: <3> but was: <1>\n    at shop.CartTest (core/src/test/java/shop/CartTest.java:7)`,
      ],
      [
        "late",
        "error",
        `java.lang.UnsupportedOperationException: later\n    at shop.Cart (core/src/main/java/shop/Cart.java:4)\n    at shop.CartTest (core/src/test/java/shop/CartTest.java:10)\nCaused by: java.lang.IllegalStateException: inner`,
      ],
      [
        "bad",
        "error",
        "java.lang.IndexOutOfBoundsException: Index 0\n    at shop.CartTest (core/src/test/java/shop/CartTest.java:9)",
      ],
    ];
    assert.deepEqual(found(await read("maven", files("target/surefire-reports"))), [
      ...expected,
      ["own", "assertion", "no"],
    ]);
    assert.deepEqual(found(await read("gradle", files("build/test-results/test"))), [
      ...expected,
      ["own", undefined, "no"],
    ]);
  });

  it("say what the compiler says of each file once (Maven, javac, .NET)", async () => {
    const test = "<folder>/src/test/java/shop/CartTest.java";
    const said = (mark: string): string =>
      `[ERROR] ${test}:[7,43] cannot find symbol\n${mark}  symbol:   method total(int,int)\n${mark}  location: class shop.Cart\n`;
    const maven = `[INFO] Compiling\n${said("")}[INFO] 1 error\n[ERROR] Failed to execute goal testCompile: Compilation failure:\n${said("[ERROR] ")}[ERROR] -> [Help 1]\n`;
    const javac = `> Task :compileTestJava FAILED\n${test}:7: error: cannot find symbol\n    total(1, 2)\n  symbol:   method total(int,int)\n  location: class Cart\n1 error\nFAILURE: Build failed\n`;
    const line =
      "<folder>/CartTests.cs(8,20): error CS0117: 'Cart' does not contain a definition for 'Total'";
    const messages = async (runner: Runner, output: string) =>
      (await read(runner, {}, { output })).load_errors.map(({ message }) =>
        message.replaceAll(/\S*class reports [^/]*\//g, ""),
      );
    const short = test.replace("<folder>/", "");
    assert.deepEqual(await messages("maven", maven), [
      `[ERROR] ${short}:[7,43] cannot find symbol\n  symbol:   method total(int,int)\n  location: class shop.Cart`,
    ]);
    // Gradle 4 prints the first error on the line of the task.
    for (const output of [javac, javac.replace("> Task :compileTestJava FAILED\n", ":compileTestJava")])
      assert.deepEqual(await messages("gradle", output), [
        `${short}:7: error: cannot find symbol\n    total(1, 2)\n  symbol:   method total(int,int)\n  location: class Cart`,
      ]);
    assert.deepEqual(await messages("dotnet", `${line}\n${line}\nBuild FAILED.\n`), [
      line.replace("<folder>/", ""),
    ]);
  });

  it("tell failed assertions from errors, with the frames of the project alone (.NET)", async () => {
    const result = (id: string, message: string, stack: string): string =>
      `<UnitTestResult testId="${id}" testName="t${id}" outcome="Failed"><Output><ErrorInfo><Message>${message}</Message><StackTrace>${stack}</StackTrace></ErrorInfo></Output></UnitTestResult>`;
    const trx = `<TestRun><Results>${result("1", "Assert.Equal() Failure: Values differ\nExpected: 3\nActual:   1", "   at Shop.CartTests.Adds() in /w/CartTests.cs:line 8\n   at System.RuntimeMethodHandle.InvokeMethod(Object target, Void** arguments, Signature sig)")}${result("2", "System.InvalidOperationException : no prices", "   at Shop.Cart.Total(Int32 a) in /_/src/Cart.cs:line 5\n   at Shop.CartTests.Sums() in /w/CartTests.cs:line 12")}</Results></TestRun>`;
    const { tests } = await read("dotnet", { "report/trx/run.trx": trx });
    assert.deepEqual(
      tests.map(({ failure, message }) => [failure, message]),
      [
        [
          "assertion",
          "Assert.Equal() Failure: Values differ\nExpected: 3\nActual:   1\nat Shop.CartTests.Adds() (/w/CartTests.cs:8)",
        ],
        [
          "error",
          "System.InvalidOperationException : no prices\nat Shop.Cart.Total(Int32 a) (src/Cart.cs:5)\n   at Shop.CartTests.Sums() (/w/CartTests.cs:12)",
        ],
      ],
    );
  });

  it("do not judge chosen files by compile errors in another module", async () => {
    const output =
      "[ERROR] COMPILATION ERROR :\n[ERROR] <folder>/core/src/test/java/shop/SetupTest.java:[3,1] cannot find symbol\n";
    const files = Object.fromEntries(
      Object.entries(surefire).filter(([path]) => !/^core.*\.xml$/.test(path)),
    );
    const inWeb = "web/src/test/java/shop/CartTest.java";
    const alone = await reportOf(files, [inWeb], output);
    assert.deepEqual([alone.outcome, alone.load_errors, alone.errors], ["passed", [], []]);
    const both = await reportOf(files, [inWeb, `${inCore}/TeardownTest.java`], output);
    assert.equal(both.outcome, "load_error");
    const broken = await reportOf(files, [inWeb, `${inCore}/SetupTest.java`], output);
    assert.deepEqual(
      broken.load_errors.map(({ file }) => file),
      [`${inCore}/SetupTest.java`],
    );
  });

  it("keep the failure of one row of a table if the project ignores failures", async () => {
    const rows = `<testsuite name="shop.RowTest"><testcase name="row" classname="shop.RowTest"/>
      <testcase name="row" classname="shop.RowTest"><failure message="no" type="AssertionError"/></testcase></testsuite>`;
    for (const [runner, place, output] of [
      ["maven", "target/surefire-reports", "[ERROR] There are test failures.\n"],
      ["gradle", "build/test-results/test", "There were failing tests. See the report at: file:///shop\n"],
    ] as const) {
      const { tests } = await read(runner, { [`${place}/TEST-shop.RowTest.xml`]: rows }, { exit: 0, output });
      assert.deepEqual(
        tests.map(({ status }) => status),
        ["passed", "failed"],
      );
    }
  });

  it("treat a test as a test even if its name means something else to other runners", async () => {
    const xml = `<testsuites><testsuite name="a.test.ts" file="a.test.ts"><testcase name="classMethod" classname="" file="a.test.ts"><failure type="AssertionError"/></testcase>
      <testcase name="Error" classname="" file="a.test.ts"><failure type="AssertionError"/></testcase></testsuite></testsuites>`;
    assert.deepEqual(outline(await read("bun", { "report/report.xml": xml })), [
      "a.test.ts > classMethod: failed",
      "a.test.ts > Error: failed",
    ]);
  });

  it("name the file of each error outside of RSpec's examples", async () => {
    const hook = (kind: string, place: string): string =>
      `\nAn error occurred in an \`${kind}\` hook.\nFailure/Error: raise\n\nRuntimeError:\n  no\n# ./${place}:2:in \`block\'\n`;
    const example = { full_description: "cart adds", status: "passed", file_path: "./spec/cart_spec.rb" };
    const report = (examples: object[], ...messages: string[]): Record<string, string> => ({
      "report/rspec.json": JSON.stringify({
        examples,
        messages,
        summary: { errors_outside_of_examples_count: messages.length },
      }),
    });
    const late = [hook("after(:context)", "spec/cart_spec.rb"), hook("after(:suite)", "spec/spec_helper.rb")];
    assert.deepEqual(outline(await read("rspec", report([example], ...late))), [
      "./spec/cart_spec.rb > cart adds: passed",
      "error: after(:context) failed in spec/cart_spec.rb",
      "error: after(:suite) failed in spec/spec_helper.rb",
    ]);
    const first = hook("before(:suite)", "spec/spec_helper.rb");
    assert.deepEqual(outline(await read("rspec", report([], first))), ["not loaded: spec/spec_helper.rb"]);
    const loading = ["a", "b"].map((name) => `\nAn error occurred while loading ./spec/${name}_spec.rb.\n`);
    assert.deepEqual(outline(await read("rspec", report([], ...loading))), [
      "not loaded: ./spec/a_spec.rb",
      "not loaded: ./spec/b_spec.rb",
    ]);
  });

  it("tell of an RSpec example that fails by an error whose class has no name", async () => {
    const example = { full_description: "cart adds", status: "failed", file_path: "./spec/cart_spec.rb" };
    const exception = { class: null, message: "boom", backtrace: null };
    const report = { examples: [{ ...example, exception }], summary: {} };
    const results = await read("rspec", { "report/rspec.json": JSON.stringify(report) });
    assert.deepEqual(
      results.tests.map(({ status, message, failure }) => ({ status, message, failure })),
      [{ status: "failed", message: "boom", failure: "error" }],
    );
  });

  it("name the example that ended RSpec's process", async () => {
    const example = { full_description: "cart adds", status: "passed", file_path: "./spec/cart_spec.rb" };
    const { status: _, ...last } = { ...example, full_description: "cart leaves" };
    const report = { examples: [example, last], summary: {} };
    assert.deepEqual(outline(await read("rspec", { "report/rspec.json": JSON.stringify(report) })), [
      "./spec/cart_spec.rb > cart adds: passed",
      "error: cart leaves ended the process before all examples ran",
    ]);
  });

  it("name a test that ended PHPUnit's process, but no project without tests", async () => {
    const files = { "report/report.xml": "" };
    const banner = "PHPUnit 9.6.7 by Sebastian Bergmann and contributors.\n\n";
    const ended = (output: string, exit = 0) => read("phpunit", files, { exit, output: banner + output });
    const what = "error: a test or the code under test ended the process before all tests ran";
    assert.deepEqual(outline(await ended("")), [what]);
    assert.deepEqual(outline(await ended(".F.\n", 3)), [what]);
    assert.equal((await ended('Class "X" not found\n', 2)).complete, false);
    assert.equal((await ended("No tests executed!\n")).complete, false);
  });

  it("separate failures of a class before or after its tests from the tests (Gradle)", async () => {
    const report = (name: string, cases: string): Record<string, string> => ({
      [`build/test-results/test/TEST-shop.${name}.xml`]: `<testsuite name="shop.${name}">${cases}</testsuite>`,
      [`src/test/java/shop/${name}.java`]: `public class ${name} {}`,
    });
    const failure = '<failure message="no" type="java.lang.IllegalStateException">no</failure>';
    const files = {
      ...report("OldTest", `<testcase name="classMethod" classname="shop.OldTest">${failure}</testcase>`),
      ...report(
        "InitTest",
        `<testcase name="initializationError" classname="shop.InitTest">${failure}</testcase>`,
      ),
      ...report(
        "EndTest",
        `<testcase name="one" classname="shop.EndTest"/><testcase name="two" classname="shop.EndTest"><skipped/></testcase><testcase name="classMethod" classname="shop.EndTest">${failure}</testcase>`,
      ),
    };
    assert.deepEqual(outline(await read("gradle", files)), [
      "src/test/java/shop/EndTest.java > shop.EndTest > one: passed",
      "src/test/java/shop/EndTest.java > shop.EndTest > two: skipped",
      "not loaded: src/test/java/shop/InitTest.java",
      "not loaded: src/test/java/shop/OldTest.java",
      "error: shop.EndTest failed outside of its tests",
    ]);
  });

  it("judge a test without assertions and a class without tests as PHPUnit does", async () => {
    const xml = `<testsuites><testsuite name="BTest" file="/shop/BTest.php">
      <testcase name="testRisky" class="BTest" classname="BTest" file="/shop/BTest.php"><error type="PHPUnit\\Framework\\RiskyTestError">This test did not perform any assertions</error></testcase>
      <testcase name="testWarns" class="BTest" classname="BTest" file="/shop/BTest.php"><error type="PHPUnit\\Framework\\Error\\Warning">w</error></testcase>
      <testcase name="testOld" class="BTest" classname="BTest" file="/shop/BTest.php"><warning type="PHPUnit\\Framework\\Warning">assertFileNotExists() is deprecated</warning></testcase>
      <testcase name="tearDownAfterClass" class="BTest" classname="BTest" file="/shop/BTest.php"><failure type="PHPUnit\\Framework\\SyntheticError">still open</failure></testcase></testsuite>
      <testsuite name="CTest" file="/shop/CTest.php"><testsuite name="CTest::testRow"><testcase name="Error"><error type="PHPUnit\\Framework\\Error">The data provider is invalid.</error></testcase></testsuite></testsuite>
      <testsuite name="DTest" file="/shop/DTest.php"><testcase name="Warning"><warning type="PHPUnit\\Framework\\Warning">No tests found in class "DTest".</warning></testcase></testsuite></testsuites>`;
    assert.deepEqual(outline(await read("phpunit", { "report/report.xml": xml })), [
      "/shop/BTest.php > BTest > testRisky: passed",
      "/shop/BTest.php > BTest > testWarns: failed",
      "/shop/BTest.php > BTest > testOld: passed",
      "not loaded: /shop/CTest.php",
      "not loaded: /shop/DTest.php",
      "error: BTest failed outside of its tests",
    ]);
  });

  it("leave out a class without tests where PHPUnit lets it pass", async () => {
    const xml = `<testsuites><testsuite name="BaseTest" file="/shop/BaseTest.php"><testcase name="Warning" assertions="0"><warning type="PHPUnit\\Framework\\Warning">Warning
No tests found in class "BaseTest".</warning></testcase></testsuite></testsuites>`;
    const files = { "report/report.xml": xml };
    assert.deepEqual(outline(await read("phpunit", files, { exit: 0 })), []);
    assert.deepEqual(outline(await read("phpunit", files)), ["not loaded: /shop/BaseTest.php"]);
  });

  it("find the file of a nested class, and of a class whose file has another name (.NET)", async () => {
    const result = (id: string, name: string, outcome: string): string =>
      `<UnitTestResult testId="${id}" testName="${name}" outcome="${outcome}"/>`;
    const definition = (id: string, className: string): string =>
      `<UnitTest id="${id}"><TestMethod className="${className}" name="m"/></UnitTest>`;
    const trx = `<TestRun><Results>${result("1", "Empty", "Passed")}${result("2", "Adds", "Aborted")}${result("3", "Boxes", "Inconclusive")}</Results>
      <TestDefinitions>${definition("1", "Shop.CartTests+Empty")}${definition("2", "Shop.PriceTests")}${definition("3", "Shop.BoxTests`1")}</TestDefinitions></TestRun>`;
    const files = {
      "report/trx/run.trx": trx,
      "tests/CartTests.cs": "public class CartTests { public class Empty {} }",
      "tests/Everything.cs": "public sealed class PriceTests {}",
      "tests/BoxTests.cs": "public class BoxTests<T> {}",
    };
    assert.deepEqual(outline(await read("dotnet", files)), [
      "tests/CartTests.cs > Empty: passed",
      "tests/Everything.cs > Adds: failed",
      "tests/BoxTests.cs > Boxes: skipped",
    ]);
  });

  it("tell a file that throws before its first test from a failing test (Cypress)", async () => {
    const outside = "An uncaught error was detected outside of a test";
    const xml = (file: string, name: string): string =>
      `<testsuites><testsuite name="Root Suite" file="${file}"><testcase name="${name}" classname="${name}"><failure message="ReferenceError: nowhere is not defined"/></testcase></testsuite></testsuites>`;
    const files = {
      "report/cypress-1.xml": xml("cypress/e2e/broken.cy.js", outside),
      "report/cypress-2.xml": xml("cypress/e2e/cart.cy.js", "adds"),
    };
    assert.deepEqual(outline(await read("cypress", files)), [
      "cypress/e2e/cart.cy.js > adds: failed",
      "not loaded: cypress/e2e/broken.cy.js",
    ]);
  });

  it("tell a project without tests from one whose files cannot be loaded (Playwright)", async () => {
    const json = (message: string, file?: string): string =>
      JSON.stringify({
        config: { rootDir: "/shop" },
        suites: [],
        errors: [{ message, ...(file === undefined ? {} : { location: { file } }) }],
      });
    const none = await read("playwright", { "report/playwright.json": json("Error: No tests found") });
    assert.deepEqual([none.complete, outline(none)], [true, []]);
    const broken = json("SyntaxError: Unexpected token", "/shop/cart.spec.ts");
    assert.deepEqual(outline(await read("playwright", { "report/playwright.json": broken })), [
      "not loaded: /shop/cart.spec.ts",
    ]);
  });

  it("find the file of each of nextest's binaries in its package", async () => {
    const root = await newFolder();
    const paths = [
      "a/src/lib.rs",
      "a/src/cart.rs",
      "a/tests/outer.rs",
      "b-c/src/main.rs",
      "b-c/src/bin/tool.rs",
    ];
    await write(root, Object.fromEntries([...paths, "b-c/tests/deep/main.rs"].map((path) => [path, ""])));
    const members = [
      { folder: "a", crates: ["a"] },
      { folder: "b-c", crates: ["b_c"] },
    ];
    const table: [classname: string, name: string, file: string][] = [
      ["a", "cart::tests::adds", "a/src/cart.rs"],
      ["a", "tests::adds", "a/src/lib.rs"],
      ["a::outer", "adds", "a/tests/outer.rs"],
      ["b-c::bin/tool", "tests::adds", "b-c/src/bin/tool.rs"],
      ["b-c::bin/b-c", "tests::adds", "b-c/src/main.rs"],
      ["b-c::deep", "adds", "b-c/tests/deep/main.rs"],
    ];
    for (const [classname, name, file] of table)
      assert.equal(nextestFile(root, members, { classname, name }), file, classname);
  });
});
