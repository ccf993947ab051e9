import { describe, expect, it } from "vitest";
import { parenthesised } from "../../../src/codegen/expression.js";
import { declaredGlobal, insideFunction } from "../../../src/codegen/globals.js";
import { importLines } from "../../../src/codegen/imports.js";
import { indentCode } from "../../../src/codegen/layout.js";
import { pythonLiteral } from "../../../src/codegen/literal.js";
import { namesIn } from "../../../src/codegen/names.js";
import { fillTemplate, respeller, SourceText, splice, withoutDropped } from "../../../src/codegen/splice.js";

const same = (text: string): string => text;

describe("names in Python text", () => {
  it.each([
    ["df['a'].map(lambda x: x.strip()) # comment word", ["df", "x"]],
    ["a.b.c(d=e)[f]", ["a", "d", "e", "f"]],
    ["f'{x!r:>{width}} {{no}} {y[\"k\"]:%Y} {z != 1}'", ["x", "width", "y", "z"]],
    ["rb'x' + u'y' + text", ["text"]],
    ["df.query('age > @limit')", ["df", "limit"]],
    ["größe = 1e-5 + 0x1f + 1_000j", ["größe"]],
    ["x[..., y]", ["x", "y"]],
    ["'''a\nb''' if c else None", ["c"]],
  ])("%s", (text, names) => {
    expect([...namesIn(text)].sort()).toEqual([...names].sort());
  });
});

describe("edits by bytes", () => {
  const source = new SourceText('größe = df["länge"].fillna(df["länge"].mean()) * 2');
  const at = (text: string, from = 0): [number, number] => {
    const start = Buffer.from(source.text).indexOf(text, from);
    return [start, start + Buffer.byteLength(text)];
  };
  const whole: [number, number] = [0, Buffer.byteLength(source.text)];

  it("replaces spans and keeps the rest", () => {
    const edit = { span: at('df["länge"].mean()'), template: "frozen.länge_mean", holes: [] };
    expect(splice(source, whole, [edit], same)).toBe('größe = df["länge"].fillna(frozen.länge_mean) * 2');
  });

  it("applies edits inside holes", () => {
    const call = at('df["länge"].fillna(df["länge"].mean())');
    const inner = { span: at('df["länge"].mean()'), template: "frozen.m", holes: [] };
    const outer = {
      span: call,
      template: "fill({0}, {{1: {1}}})",
      holes: [at('df["länge"]'), at('df["länge"].mean()')],
    };
    expect(splice(source, whole, [inner, outer], same)).toBe('größe = fill(df["länge"], {1: frozen.m}) * 2');
  });

  it("refuses edits that cross", () => {
    const edits = [
      { span: [8, 20] as const, template: "a", holes: [] },
      { span: [12, 30] as const, template: "b", holes: [] },
    ];
    expect(() => splice(source, whole, edits, same)).toThrow("edits cross");
  });

  it.each([
    ["for c in cols:\n    df.head()", "for c in cols:\n    pass"],
    ["for c in cols:\n    df.head()\n    x = 1", "for c in cols:\n    x = 1"],
    ["if a:\n    df.head()  # look\nelse:\n    x = 1", "if a:\n    pass  # look\nelse:\n    x = 1"],
    ["if a:\n    x = 1\n\n    # look\n    df.head()\n", "if a:\n    x = 1\n\n    # look\n"],
    ["if a: df.head()", "if a: pass"],
    ["if a: df.head(); b = 1", "if a: pass; b = 1"],
  ])("drops a statement of a block: %j", (text, expected) => {
    const block = new SourceText(text);
    const start = text.indexOf("df.head()");
    const edit = { span: [start, start + 9] as const, template: "", holes: [] };
    expect(withoutDropped(splice(block, [0, text.length], [edit], same))).toBe(expected);
  });
});

describe("parentheses", () => {
  it.each([
    ["a + b", "", ".mean()", "(a + b)"],
    ["a + b", "check(", ")", "a + b"],
    ["a + b", "x = ", "", "a + b"],
    ["a + b", "x == ", "", "(a + b)"],
    ["a + b", "", " * 2", "(a + b)"],
    ["a.b(c)[d]", "", ".mean()", "a.b(c)[d]"],
    ["-x", "", ".abs()", "(-x)"],
    ["a if b else c", "~", "", "(a if b else c)"],
    ["x, y", "f(", ")", "(x, y)"],
    ["x, y", "a, b = ", "", "x, y"],
    ["a\n  + b", "x = ", "", "(a\n  + b)"],
    ["not a", "return ", "", "not a"],
    ["(a + b)", "", ".x", "(a + b)"],
    ["lambda x: x", "", "(1)", "(lambda x: x)"],
    ["'a' 'b'", "", ".x", "('a' 'b')"],
  ])("%s between %j and %j", (text, before, after, expected) => {
    expect(parenthesised(text, before, after)).toBe(expected);
  });

  it("come around holes that need them", () => {
    expect(fillTemplate("{0}.notnull() & {1}", ["a | b", "m"])).toBe("(a | b).notnull() & m");
    expect(() => fillTemplate("f({1})", ["a"])).toThrow("no hole 1");
  });
});

describe("layout", () => {
  it("does not touch the inside of strings", () => {
    expect(indentCode('x = f("""a\n  b\n""",\n  y)\nz = 1', "    ")).toBe(
      '    x = f("""a\n  b\n""",\n      y)\n    z = 1',
    );
    expect(indentCode("x = 'a\\\nb'\ny = 1", "  ")).toBe("  x = 'a\\\nb'\n  y = 1");
    expect(indentCode('x = f"""{a}\n {b["""c"""]}\n"""\ny', "  ")).toBe('  x = f"""{a}\n {b["""c"""]}\n"""\n  y');
  });

  it("turns declarations of globals into those of a nested function", () => {
    const text = "def f():\n    global a, b\n    a = 'global c'\n    def g():\n        global c; c = 1";
    expect(declaredGlobal(text)).toEqual(["a", "b", "c"]);
    expect(insideFunction(text)).toBe(text.replace("global a", "nonlocal a").replace("global c;", "nonlocal c;"));
    expect(insideFunction("if x:\n    global y\n    y = 1")).toBe("if x:\n    pass\n    y = 1");
    expect(declaredGlobal("if x:\n    global y\n    y = 1")).toEqual([]);
  });

  it("respells our names only as whole names", () => {
    const respell = respeller(new Map([["frozen", "frozen_"]]));
    expect(respell("frozen.frozen + x.frozen + 'frozen' + frozen_x + {0}")).toBe(
      "frozen_.frozen + x.frozen + 'frozen' + frozen_x + {0}",
    );
  });
});

describe("imports", () => {
  const imports = (...texts: string[]) => texts.map((text) => ({ cell: 1, span: [0, 1] as const, text, binds: [] }));
  const used = new Set(["pd", "np", "StandardScaler", "LE", "sklearn", "os"]);

  it("keeps what is used, once", () => {
    const recorded = imports(
      "import pandas as pd, numpy as np, seaborn as sns",
      "from sklearn.preprocessing import (StandardScaler,  # scale\n    LabelEncoder as LE, OneHotEncoder)",
      "import pandas as pd",
      "import sklearn.metrics",
      "import os.path as path",
      "from .local import *",
      "from sklearn.preprocessing import StandardScaler",
      "from __future__ import annotations",
    );
    expect(importLines(recorded, used)).toEqual({
      future: ["from __future__ import annotations"],
      lines: [
        "import pandas as pd",
        "import numpy as np",
        "from sklearn.preprocessing import StandardScaler, LabelEncoder as LE",
        "import sklearn.metrics",
        "from .local import *",
      ],
    });
  });
});

describe("literals", () => {
  it.each([
    [null, "None"],
    [[true, false, 1, -0, 2.5, Number.POSITIVE_INFINITY], '[True, False, 1, -0.0, 2.5, float("inf")]'],
    [{ a: 'say "x"\n\u2028\\' }, '{"a": "say \\"x\\"\\n\\u2028\\\\"}'],
    ["Zürich", '"Zürich"'],
  ])("%j", (value, expected) => {
    expect(pythonLiteral(value)).toBe(expected);
  });
});
