import assert from "node:assert/strict";
import { awaitedNames } from "../../../server/teams/gates/awaited.ts";

/** What a compiler says of a test file; `text` is the file. */
interface Case {
  path: string;
  message: string;
  text?: string;
}

/** Written by Go 1.19, rustc 1.95, javac 17 under Maven, and by TypeScript, Kotlin, Groovy and C# as they document it. */
const awaited: [names: string[], given: Case][] = [
  [
    ["Add", "Name", "Sum", "Total"],
    {
      path: "add_test.go",
      text: "package shop\n",
      message:
        "./add_test.go:6:5: undefined: Total\n./add_test.go:10:4: c.Sum undefined (type Cart has no field or method Sum)\n./add_test.go:11:11: unknown field 'Name' in struct literal of type Cart\n./add_test.go:12:12: too many arguments in call to Add\n./add_test.go:13:12: assignment mismatch: 2 variables but Add returns 1 value",
    },
  ],
  [["Rate"], { path: "tax/tax_test.go", message: "tax/tax_test.go:9:9: undefined: tax.Rate" }],
  [
    ["m", "new", "other", "shop::total", "tax"],
    {
      path: "tests/x.rs",
      message: [
        "error[E0432]: unresolved import `shop::total`\n --> tests/x.rs:1:5\n  |\n1 | use shop::total;\n  |     ^^^^^^^^^^^ no `total` in the root",
        "error[E0433]: failed to resolve: could not find `tax` in `shop`\n --> tests/x.rs:2:11",
        "error[E0425]: cannot find function `other` in crate `shop`\n --> tests/x.rs:5:122",
        "error[E0599]: no function or associated item named `new` found for struct `Cart` in the current scope\n --> tests/x.rs:5:91",
        "error[E0609]: no field `m` on type `Cart`\n --> tests/x.rs:5:82",
      ].join("\n\n"),
    },
  ],
  [
    ["total"],
    {
      path: "tests/x.rs",
      text: "use shop::*;\n",
      message: "error[E0425]: cannot find function `total` in this scope\n --> tests/x.rs:5:122",
    },
  ],
  [
    ["Basket", "Vat", "add", "shop.tax", "total"],
    {
      path: "src/test/java/shop/CartTest.java",
      text: "package shop;\nimport shop.tax.Rate;\nclass CartTest { @Test void adds() { new Basket(); } }\n",
      message:
        "[ERROR] src/test/java/shop/CartTest.java:[4,16] package shop.tax does not exist\n[ERROR] src/test/java/shop/CartTest.java:[5,12] cannot find symbol\n  symbol:   class Vat\n  location: package shop\n[ERROR] src/test/java/shop/CartTest.java:[7,43] cannot find symbol\n  symbol:   method total(int,int)\n  location: class shop.Cart\n[ERROR] src/test/java/shop/CartTest.java:[8,40] method add in class shop.Cart cannot be applied to given types;\n  required: int,int\n  found:    int,int,int\n[ERROR] src/test/java/shop/CartTest.java:[9,24] cannot find symbol\n  symbol:   class Basket\n  location: class shop.CartTest",
    },
  ],
  [
    ["total"],
    {
      path: "src/test/kotlin/CartTest.kt",
      text: "package shop\n",
      message: "e: file:///w/src/test/kotlin/CartTest.kt:8:20 Unresolved reference 'total'.",
    },
  ],
  [
    ["shop.Cart"],
    {
      path: "src/test/groovy/CartSpec.groovy",
      text: "package shop\n",
      message: "/w/CartSpec.groovy: 5: unable to resolve class shop.Cart\n @ line 5, column 1.",
    },
  ],
  [
    ["Basket", "Total"],
    {
      path: "tests/CartTests.cs",
      message:
        "/w/tests/CartTests.cs(8,20): error CS0117: 'Cart' does not contain a definition for 'Total' [/w/t.csproj]\n/w/tests/CartTests.cs(9,13): error CS0246: The type or namespace name 'Basket' could not be found (are you missing a using directive or an assembly reference?) [/w/t.csproj]",
    },
  ],
  [
    ["./tax", "other parameters", "rate", "total"],
    {
      path: "test/cart.test.ts",
      message:
        "test/cart.test.ts:1:10 - error TS2305: Module '\"../src/cart\"' has no exported member 'total'.\n\n1 import { total } from '../src/cart';\n\ntest/cart.test.ts(3,5): error TS2339: Property 'rate' does not exist on type 'Cart'.\ntest/cart.test.ts:4:10 - error TS2307: Cannot find module './tax' or its corresponding type declarations.\ntest/cart.test.ts:5:1 - error TS2554: Expected 2 arguments, but got 3.",
    },
  ],
  [
    ["total"],
    {
      path: "tests/test_add.c",
      message:
        "tests/test_add.c:2:31: warning: implicit declaration of function ‘total’\n/usr/bin/ld: test_add.c:(.text+0x13): undefined reference to `total'\ncollect2: error: ld returned 1 exit status",
    },
  ],
];

/** Errors of the test itself: nobody who writes the code can mend them. */
const refused: [why: string, given: Case][] = [
  ["no compiler says it", { path: "test/cart.test.js", message: "SyntaxError: Unexpected token" }],
  ["nothing is said", { path: "add_test.go", message: "" }],
  [
    "one of two errors is another",
    {
      path: "add_test.go",
      message: './add_test.go:3:8: "fmt" imported and not used\n./add_test.go:6:5: undefined: Total',
    },
  ],
  [
    "a package is not imported",
    { path: "add_test.go", text: "fmt.Println()", message: "./add_test.go:6:5: undefined: fmt" },
  ],
  [
    "a crate is not there",
    {
      path: "tests/x.rs",
      message:
        "error[E0432]: unresolved import `rand`\n  | use of unresolved module or unlinked crate `rand`",
    },
  ],
  [
    "a function is not imported",
    { path: "tests/x.rs", message: "error[E0425]: cannot find function `total` in this scope" },
  ],
  [
    "a method is one of the standard library's types",
    {
      path: "tests/x.rs",
      message: "error[E0599]: no method named `foo` found for struct `Vec<{integer}>` in the current scope",
    },
  ],
  [
    "an assertion is not imported",
    {
      path: "CartTest.java",
      message:
        "CartTest.java:7: error: cannot find symbol\n  symbol:   method assertEquals(int,int)\n  location: class CartTest",
    },
  ],
  [
    "an annotation is not imported",
    {
      path: "CartTest.java",
      text: "class CartTest { @Nested class A {} }",
      message:
        "[ERROR] CartTest.java:[7,4] cannot find symbol\n  symbol:   class Nested\n  location: class CartTest",
    },
  ],
  [
    "a library is not there",
    {
      path: "CartTest.java",
      text: "package shop;\n",
      message: "[ERROR] CartTest.java:[4,16] package org.assertj.core.api does not exist",
    },
  ],
  ["its syntax is wrong", { path: "CartTest.java", message: "[ERROR] CartTest.java:[4,16] ';' expected" }],
  [
    "an attribute is not imported",
    {
      path: "CartTests.cs",
      text: "[Fact] public void Adds() {}",
      message:
        "CartTests.cs(8,6): error CS0246: The type or namespace name 'Fact' could not be found (are you missing a using directive?)",
    },
  ],
  [
    "a value has another type",
    {
      path: "test/cart.test.ts",
      message: "test/cart.test.ts:5:1 - error TS2345: Argument of type 'string' is not assignable",
    },
  ],
];

describe("names that a test file awaits", () => {
  for (const [names, { path, message, text = "" }] of awaited)
    it(`are ${names.join(", ")} (${path})`, () => {
      assert.deepEqual(awaitedNames(path, message, text), names);
    });
  for (const [why, { path, message, text = "" }] of refused)
    it(`are not known where ${why} (${path})`, () => {
      assert.equal(awaitedNames(path, message, text), null);
    });
});
