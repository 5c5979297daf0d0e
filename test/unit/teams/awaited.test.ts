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
    ["Clock"],
    {
      path: "src/test/java/shop/CartTest.java",
      text: "package shop;\nclass CartTest { @Test void adds() { new Clock(8, 0).add(3); } }\n",
      message:
        "[ERROR] src/test/java/shop/CartTest.java:[2,41] cannot find symbol\n  symbol:   class Clock\n  location: class shop.CartTest",
    },
  ],
  [
    ["total"],
    {
      path: "src/test/kotlin/CartTest.kt",
      text: "package shop\nfun adds() = assertEquals(3, total(1, 2))\n",
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
    ["Add", "Cart"],
    {
      path: "tests/CartTests.cs",
      text: "void Adds() {\n  if (await Add(1) > 0) { }\n  new Cart(1) { Tax = 2 };\n}\n",
      message:
        "/w/tests/CartTests.cs(2,13): error CS1501: No overload for method 'Add' takes 1 arguments\n/w/tests/CartTests.cs(3,7): error CS1729: 'Cart' does not contain a constructor that takes 1 arguments",
    },
  ],
  [
    ["./tax", "add", "rate", "sum", "total"],
    {
      path: "test/cart.test.ts",
      text: "\n\n\n\nexpect(cart.add(1, two(2), 3)).toBe(6);\nexpect(sum(1)).toBe(1);\n",
      message:
        "test/cart.test.ts:1:10 - error TS2305: Module '\"../src/cart\"' has no exported member 'total'.\n\n1 import { total } from '../src/cart';\n\ntest/cart.test.ts(3,5): error TS2339: Property 'rate' does not exist on type 'Cart'.\ntest/cart.test.ts:4:10 - error TS2307: Cannot find module './tax' or its corresponding type declarations.\ntest/cart.test.ts:5:28 - error TS2554: Expected 2 arguments, but got 3.\ntest/cart.test.ts(6,8): error TS2554: Expected 2 arguments, but got 1.",
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
  [
    ["m", "total"],
    {
      path: "tests/x.rs",
      message:
        "error[E0599]: no method named `total` found for reference `&Cart` in the current scope\n --> tests/x.rs:5:91\n\nerror[E0609]: no field `m` on type `&mut Cart`\n --> tests/x.rs:6:4",
    },
  ],
  [
    ["add"],
    {
      path: "tests/x.rs",
      message:
        "error[E0061]: this function takes 1 argument but 2 arguments were supplied\n --> tests/x.rs:5:9\n  |\nnote: function defined here\n --> src/lib.rs:1:8\n  |\n1 | pub fn add(a: i32) -> i32 {\n  |        ^^^",
    },
  ],
];

/** What a library or the test itself lacks, by the end of the language's files. Nobody can add it to the code. */
const foreign: [path: string, text: string, messages: string[]][] = [
  [
    "cart_test.go",
    'package shop\nimport (\n\t"net/http"\n\tchecks "github.com/stretchr/testify/assert"\n)\nfunc helper(a int) {}\ntype Row struct{}\n',
    [
      "undefined: reslt",
      "undefined: http.Fetch",
      "undefined: checks.Equals",
      "undefined: assert.Equals",
      "t.Nope undefined (type *testing.T has no field or method Nope)",
      "s.Nope undefined (type string has no field or method Nope)",
      "r.Nope undefined (type Row has no field or method Nope)",
      "unknown field 'Nope' in struct literal of type Row",
      "too many arguments in call to helper",
      "not enough arguments in call to http.Get",
      "assignment mismatch: 1 variable but strconv.Atoi returns 2 values",
    ].map((said) => `./cart_test.go:6:5: ${said}`),
  ],
  ["cart_test.go", "package shop_test\n", ["./cart_test.go:6:5: undefined: Total"]],
  [
    "tests/x.rs",
    "use shop::*;\n",
    [
      "error[E0432]: unresolved import `std::nothing`",
      "error[E0425]: cannot find function `foo` in crate `std`",
      "error[E0433]: failed to resolve: could not find `foo` in `std`",
      "error[E0425]: cannot find value `reslt` in this scope",
      "error[E0599]: no method named `foo` found for unit type `()` in the current scope",
      "error[E0599]: no method named `foo` found for mutable reference `&mut Vec<i32>` in the current scope",
      "error[E0609]: no field `a` on type `(i32, i32)`",
      "error[E0061]: this function takes 1 argument but 0 arguments were supplied\nnote: function defined here\n --> tests/x.rs:3:4",
      "error[E0061]: this method takes 1 argument but 0 arguments were supplied\nnote: method defined here\n --> /rustc/abc/library/core/src/option.rs:9:4",
    ],
  ],
  [
    "src/test/java/shop/CartTest.java",
    "package shop;\nimport java.util.Scanner;\n",
    [
      "cannot find symbol\n  symbol:   method foo()\n  location: class String",
      "cannot find symbol\n  symbol:   method foo()\n  location: variable s of type Scanner",
      "cannot find symbol\n  symbol:   class Foo\n  location: package java.util",
      "method assertEquals in class org.junit.Assert cannot be applied to given types;",
      "method helper in class CartTest cannot be applied to given types;",
      "no suitable method found for assertEquals(int)\n    method org.junit.Assert.assertEquals(int,int) is not applicable",
    ].map((said) => `CartTest.java:7: error: ${said}`),
  ],
  [
    "CartTest.kt",
    "package shop\nfun helper() = 1\nval a = reslt + 1\n",
    [
      "Unresolved reference: reslt",
      "Too many arguments for public fun helper(): Int defined in shop",
      "Too many arguments for public fun assertTrue(actual: Boolean): Unit defined in kotlin.test",
    ].map((said) => `e: file:///w/CartTest.kt:8:20 ${said}`),
  ],
  [
    "CartTest.kt",
    "package shop\nfun helper(a: Int) = a\nval b = helper()\n",
    [
      "e: file:///w/CartTest.kt:3:16 No value passed for parameter 'a'.",
      "e: /w/CartTest.kt: (3, 16): No value passed for parameter 'a'",
    ],
  ],
  [
    "CartTest.java",
    "package shop;\nclass CartTest { Clock c = Clock.systemUTC(); }\n",
    ["List", "HashMap", "LocalDate", "Clock", "UncheckedIOException"].map(
      (name) =>
        `CartTest.java:7: error: cannot find symbol\n  symbol:   class ${name}\n  location: class CartTest`,
    ),
  ],
  [
    "tests/x.rs",
    "use shop::*;\n",
    [
      "error[E0433]: cannot find type `HashMap` in this scope\n --> tests/x.rs:2:43\n  |\n2 | let m = HashMap::new();\n  |         ^^^^^^^ use of undeclared type `HashMap`\n  |\nhelp: consider importing this struct\n  |\n1 + use std::collections::HashMap;\n  |",
      "error[E0425]: cannot find function `swap` in this scope\n --> tests/x.rs:3:134\n  |\nhelp: consider importing one of these functions\n  |\n1 + use std::mem::swap;\n  |\n1 + use std::ptr::swap;\n  |",
    ],
  ],
  [
    "CartTest.kt",
    "package shop\nval id = UUID.randomUUID()\n",
    ["e: file:///w/CartTest.kt:2:10 Unresolved reference 'UUID'."],
  ],
  [
    "CartTests.cs",
    "List<int> all;",
    [
      "/w/tests/CartTests.cs(8,6): error CS0246: The type or namespace name 'List<>' could not be found (are you missing a using directive or an assembly reference?)",
      "/w/tests/CartTests.cs(9,6): error CS0103: The name 'Enumerable' does not exist in the current context",
    ],
  ],
  [
    "tests/test_add.cpp",
    "vector<int> all; int n = strlen(text);",
    [
      "tests/test_add.cpp:2:13: error: ‘vector’ was not declared in this scope",
      "tests/test_add.cpp:2:20: error: ‘strlen’ was not declared in this scope\ntests/test_add.cpp:2:1: note: ‘strlen’ is defined in header ‘<cstring>’; did you forget to ‘#include <cstring>’?",
    ],
  ],
  ["CartSpec.groovy", "package shop\n", ["/w/CartSpec.groovy: 5: unable to resolve class Specification"]],
  [
    "CartTests.cs",
    "Assert.Equal(1);",
    [
      "CS0117: 'Assert' does not contain a definition for 'Equals2'",
      "CS1061: 'string' does not contain a definition for 'Foo'",
      "CS1061: 'List<int>' does not contain a definition for 'Foo'",
      "CS1501: No overload for method 'Equal' takes 1 arguments",
    ].map((said) => `/w/CartTests.cs(8,6): error ${said}`),
  ],
  [
    "CartTests.cs",
    "class CartTests {\n  static int Twice(int a) => a * 2;\n  void Adds() { Twice(); }\n}",
    [
      "CS7036: There is no argument given that corresponds to the required parameter 'a' of 'CartTests.Twice(int)'",
      "CS1501: No overload for method 'Twice' takes 0 arguments",
    ].map((said) => `/w/CartTests.cs(3,17): error ${said}`),
  ],
  [
    "test/cart.test.ts",
    "const two = (a: number) => a;\ntwo();\nexpect(two(1)).toBe();\n",
    [
      "test/cart.test.ts(2,1): error TS2554: Expected 1 arguments, but got 0.",
      "test/cart.test.ts(3,16): error TS2554: Expected 1 arguments, but got 0.",
      "test/cart.test.ts(3,16): error TS2339: Property 'toBee' does not exist on type 'JestMatchers<number>'.",
      "test/cart.test.ts(3,16): error TS2339: Property 'foo' does not exist on type 'number[]'.",
      "test/cart.test.ts(3,16): error TS2339: Property 'foo' does not exist on type 'Math'.",
    ],
  ],
  [
    "tests/test_add.cpp",
    "int a = reslt + 1;",
    [
      "tests/test_add.cpp:1:9: error: ‘reslt’ was not declared in this scope",
      "tests/test_add.cpp:1:9: fatal error: gtest/gtest.h: No such file or directory",
      "tests/test_add.cpp:1:9: error: ‘foo’ is not a member of ‘std’",
      "src/add.cpp:1:9: error: ‘Total’ was not declared in this scope",
      "/usr/bin/ld: add.cpp:(.text+0x13): undefined reference to `total'",
      "/usr/bin/ld: crt1.o: undefined reference to `main'",
    ],
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
  for (const [path, text, messages] of foreign)
    it(`are none of a library, and none of the test (${path})`, () => {
      const known = messages.filter((message) => awaitedNames(path, message, text) !== null);
      assert.deepEqual(known, []);
    });
});
