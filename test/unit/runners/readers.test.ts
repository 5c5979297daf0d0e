import assert from "node:assert/strict";
import { readAva } from "../../../server/worker/runners/ava.ts";
import { withReasons } from "../../../server/worker/runners/ctest.ts";
import { readCypress } from "../../../server/worker/runners/cypress.ts";
import { qualifiedName, readJUnit } from "../../../server/worker/runners/junit.ts";
import { joinAssertions, readTap } from "../../../server/worker/runners/tap.ts";
import { readTrx } from "../../../server/worker/runners/trx.ts";

describe("readJUnit", () => {
  it("reads nested suites, and the file from the nearest that says it", () => {
    const xml = `<?xml version="1.0"?><testsuites><testsuite name="a" file="a.test.ts"><testsuite name="inner">
      <testcase name="adds &quot;two&quot;" classname="inner" time="0.25"><failure message="no"><![CDATA[Expected <3>]]></failure></testcase>
      <testcase name="later" classname="inner"><skipped/></testcase></testsuite></testsuite></testsuites>`;
    assert.deepEqual(
      readJUnit(xml).map((test) => [
        test.file,
        qualifiedName(test),
        test.status,
        test.duration_ms,
        test.message,
      ]),
      [
        ["a.test.ts", 'inner > adds "two"', "failed", 250, "no\nExpected <3>"],
        ["a.test.ts", "inner > later", "skipped", null, null],
      ],
    );
  });

  it("reads CTest's report: what failed has its output", () => {
    const xml = `<testsuite name="(empty)" tests="2"><testcase name="adds" classname="adds" time="0.01" status="fail">
      <failure message=""/><system-out>got 1\n</system-out></testcase>
      <testcase name="off" classname="off" status="disabled"><skipped/></testcase></testsuite>`;
    assert.deepEqual(
      readJUnit(xml).map((test) => [qualifiedName(test), test.status, test.message]),
      [
        ["adds", "failed", "got 1"],
        ["off", "skipped", null],
      ],
    );
  });

  it("adds the reasons that CTest only prints, and counts a test without its program as failed", () => {
    const xml = `<testsuite name="(empty)" tests="4" failures="2" disabled="0" skipped="1">
      <testcase name="ok" classname="ok" status="run"><system-out></system-out></testcase>
      <testcase name="segfault" classname="segfault" status="fail"><failure message=""/><system-out>at 3</system-out></testcase>
      <testcase name="slow" classname="slow" status="fail"><failure message=""/><system-out></system-out></testcase>
      <testcase name="gone" classname="gone" status="notrun"><skipped message="Unable to find executable"/></testcase>
      <testcase name="off" classname="off" status="disabled"><skipped/></testcase></testsuite>`;
    const output =
      "4/4 Test #4: gone ....***Not Run   0.00 sec\n\n25% tests passed, 3 tests failed out of 4\n\nThe following tests FAILED:\n\t  2 - segfault (SEGFAULT)\n\t  3 - slow (Timeout)                 nightly\n\t  4 - gone (Not Run)\nUnable to find executable: notthere\nErrors while running CTest\n";
    assert.deepEqual(
      withReasons(readJUnit(xml), output).map(({ name, status, message }) => [name, status, message]),
      [
        ["ok", "passed", null],
        ["segfault", "failed", "The test ended with SEGFAULT\nat 3"],
        ["slow", "failed", "CTest stopped the test because its time was up"],
        ["gone", "failed", "CTest could not start the test"],
        ["off", "skipped", null],
      ],
    );
  });

  it("reads Surefire's errors as failures", () => {
    const xml = `<testsuite name="shop.AddTest"><testcase name="adds" classname="shop.AddTest" time="0.003">
      <error message="boom" type="java.lang.Error">java.lang.Error: boom</error></testcase></testsuite>`;
    assert.deepEqual(
      readJUnit(xml).map(({ status, message }) => [status, message]),
      [["failed", "java.lang.Error: boom"]],
    );
  });

  it("refuses what is no XML", () => {
    assert.throws(() => readJUnit("<testsuite><testcase"));
  });
});

describe("readAva", () => {
  it("tells tests, errors outside of them and files that cannot be loaded apart", () => {
    const text = [
      "TAP version 13",
      "ok 1 - add › adds › two",
      "not ok 2 - Error: late",
      "  ---",
      "    at: 'Timeout._onTimeout (file:///shop/test/add.test.js:1:99)'",
      "  ...",
      "not ok 3 - test/add.test.js exited with a non-zero exit code: 1",
      "not ok 4 - Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'nowhere'",
      "not ok 5 - test/broken.js exited with a non-zero exit code: 1",
      'not ok 6 - No tests found in test/none.js, make sure to import "ava" at the top of your test file',
      "not ok 7 - sub › more › adds",
      "1..3",
    ].join("\n");
    const files = ["test/add.test.js", "test/broken.js", "test/none.js", "test/sub/__tests__/more.js"];
    const { tests, errors, load_errors } = readAva(text, files);
    assert.deepEqual(
      tests.map(({ file, name, status }) => [file, name, status]),
      [
        ["test/add.test.js", "adds › two", "passed"],
        ["test/sub/__tests__/more.js", "adds", "failed"],
      ],
    );
    assert.deepEqual(
      errors.map(({ name }) => name),
      ["test/add.test.js failed outside of its tests"],
    );
    assert.deepEqual(
      load_errors.map(({ file }) => file),
      ["test/broken.js", "test/none.js"],
    );
  });
});

describe("readCypress", () => {
  it("reads a component's suites and the file of its report", () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?><testsuites name="Mocha Tests" time="0.1" tests="2" failures="1">
      <testsuite name="Root Suite" timestamp="2026-11-02T10:00:00" tests="0" file="src/button.cy.tsx" time="0.000" failures="0"></testsuite>
      <testsuite name="Root Suite &gt; button &gt; pressed" timestamp="2026-11-02T10:00:00" tests="2" time="0.1" failures="1">
      <testcase name="button pressed counts" time="0.050" classname="counts"></testcase>
      <testcase name="button pressed shines" time="0.050" classname="shines"><failure message="Timed out" type="AssertionError"><![CDATA[AssertionError: Timed out]]></failure></testcase>
      </testsuite></testsuites>`;
    assert.deepEqual(
      readCypress(xml).map(({ file, name, status }) => [file, name, status]),
      [
        ["src/button.cy.tsx", "button > pressed > counts", "passed"],
        ["src/button.cy.tsx", "button > pressed > shines", "failed"],
      ],
    );
  });
});

describe("readTap", () => {
  it("names the tests of a subtest after it", () => {
    const text = [
      "TAP version 14",
      "# Subtest: add.test.js",
      "    # Subtest: adds",
      "        ok 1 - one",
      "        not ok 2 - two",
      "          ---",
      "          found: 1",
      "          ...",
      "        1..2",
      "    not ok 1 - adds",
      "    1..1",
      "not ok 1 - add.test.js # time=3ms",
      "ok 2 - later # SKIP not now",
      "1..2",
    ].join("\n");
    assert.deepEqual(
      readTap(text).tests.map(({ name, status, message }) => [name, status, message]),
      [
        ["add.test.js > adds > one", "passed", null],
        ["add.test.js > adds > two", "failed", "found: 1"],
        ["later", "skipped", null],
      ],
    );
  });

  it("is not complete without its plan", () => {
    assert.equal(readTap("TAP version 13\nok 1 - a\n").isComplete, false);
    assert.equal(readTap("TAP version 13\n1..1\nok 1 - a\n").isComplete, true);
  });
});

describe("readTrx", () => {
  it("reads outcomes, durations, messages and the class of each test", () => {
    const xml = `<TestRun><Results>
      <UnitTestResult testId="1" testName="Shop.AddTests.Adds" outcome="Failed" duration="00:00:01.5000000">
        <Output><ErrorInfo><Message>Assert.Equal() Failure</Message><StackTrace>at Adds()</StackTrace></ErrorInfo></Output></UnitTestResult>
      <UnitTestResult testId="2" testName="Shop.AddTests.Later" outcome="NotExecuted" /></Results>
      <TestDefinitions><UnitTest id="1"><TestMethod className="Shop.AddTests" name="Adds"/></UnitTest>
      <UnitTest id="2"><TestMethod className="Shop.AddTests" name="Later"/></UnitTest></TestDefinitions></TestRun>`;
    assert.deepEqual(readTrx(xml), [
      {
        file: "Shop.AddTests",
        name: "Shop.AddTests.Adds",
        status: "failed",
        duration_ms: 1500,
        message: "Assert.Equal() Failure",
        failure: "assertion",
      },
      {
        file: "Shop.AddTests",
        name: "Shop.AddTests.Later",
        status: "skipped",
        duration_ms: null,
        message: null,
      },
    ]);
  });
});

describe("joinAssertions", () => {
  const joined = (text: string): string[] =>
    joinAssertions(readTap(text).tests).map(({ name, status }) => `${name}: ${status}`);

  it("names a test the same whether it throws, fails or passes", () => {
    const thrown = "    not ok 1 - total is not a function\nnot ok 1 - adds\n1..1\n";
    const passed = "    ok 1 - should be equal\n    ok 2 - should be equal\nok 1 - adds\n1..1\n";
    const half = passed.replace("ok 2", "not ok 2");
    assert.deepEqual([thrown, half, passed].map(joined), [
      ["adds: failed"],
      ["adds: failed"],
      ["adds: passed"],
    ]);
  });

  it("leaves tests apart that are skipped, or assertions outside of tests", () => {
    assert.deepEqual(joined("ok 1 - adds # SKIP\nok 2 - is there\n1..2\n"), [
      "adds: skipped",
      "is there: passed",
    ]);
  });
});
