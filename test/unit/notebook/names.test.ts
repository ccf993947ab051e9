import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { namesOf } from "../../../src/notebook/python/names.js";
import { Offsets } from "../../../src/notebook/text.js";
import { ask, python } from "./oracle.js";
import { parser } from "./parser.js";

interface Names {
  span: [number, number];
  binds: string[];
  reads: string[];
  binds_when_called: string[];
}

/** Our answer in the oracle's form. Strings in annotations are not looked into by either. */
function ours(source: string): Names[] {
  const tree = parser.parse(source);
  const offsets = new Offsets(source);
  return tree.root.children.map((statement) => {
    const names = namesOf(tree, statement);
    const reads = new Set([...names.reads.keys(), ...names.deferred.keys()]);
    reads.delete("__class__");
    return {
      span: [offsets.byte(statement.start), offsets.byte(statement.end)],
      binds: [...names.binds].sort(),
      reads: [...reads].sort(),
      binds_when_called: [...names.bindsWhenCalled].sort(),
    };
  });
}

const TRICKY = [
  "x = y = z\na, (b, *c) = d\ne.f = g\nh[i] = j\nk: int = l\nm: n\no += p\nq[r] += s\n",
  "[x for x in xs if p(x) for y in f(x)]\n{a: b for a, b in c}\n{d for d in e}\n(g for h in i)\n",
  "(n := 10)\n[(last := v) for v in w]\nif (m := f()) > 1: m\n",
  "f = lambda a, *b, c=d, **e: (a, b, c, e, g)\nlambda: h\nmap(lambda r: r + s, t)\n",
  "def f(a, b: T = c, /, d=1, *args: U, e, **kw) -> V:\n    global g\n    g = a + h\n    i = j\n    def k():\n        nonlocal i\n        i = l\n        return i\n    return [m for m in n if i]\n",
  "@deco(x)\nclass A(B, metaclass=M):\n    y = 1\n    z = y + w\n    def f(self, q=y):\n        return y, self.z, q\n    u = [y for _ in v]\n",
  "import a.b, c.d as e\nfrom f import g, h as i\nfrom . import j\nfrom k import *\n",
  "with a as b, c(d) as (e, f), g:\n    h\nasync def i():\n    async with j as k:\n        await k\n    async for l in m:\n        yield l\n",
  "try:\n    a\nexcept (B, C) as e:\n    e\nexcept D:\n    f = 1\nelse:\n    g\nfinally:\n    h\n",
  "match p:\n    case Point(x=0, y=b) if b: c\n    case [d, *e] | {'k': f, K.V: g, **h}: i\n    case J() as l: l\n    case M.N: pass\n    case o: q\n    case 1 | 'a' | None: pass\n",
  "del a, b[c], d.e\ndel (f, g)\nfor i, j in k:\n    l = i\nelse:\n    m\nwhile n:\n    break\n",
  "f'{a!r:>{b}} {c=} {d[\"e\"]}' f'{g}'\nprint(h, file=i)\nassert j, k\nraise L from m\n",
  "def f():\n    x = 1\n    class C:\n        x = x\n        def g(self):\n            return x\n    return C\n",
  "def outer():\n    def inner():\n        global q\n        q = 1\n    import r.s\n    for t in u: pass\n    with v as w: pass\n    return r, t, w\n",
  "x = 1 if a else b\ny = a < b < c and not d\nz = d[1:e, ...]\nw = *f, g\nawait_ = h @ i\n",
  "class C:\n    @property\n    def a(self): return b\n    @a.setter\n    def a(self, v): c = v\n    d = lambda self: e\n",
];

describe.skipIf(python === null)("names of statements, against CPython's symtable", () => {
  it.each(TRICKY)("%j", (source) => {
    expect(ours(source)).toEqual(ask<Names[][]>("names.py", [source])[0]);
  });

  it("agrees on modules of the standard library", () => {
    const folder = spawnSync(python!, ["-c", "import os; print(os.path.dirname(os.__file__))"], {
      encoding: "utf8",
    }).stdout.trim();
    const files = ["argparse", "csv", "dataclasses", "enum", "functools", "statistics", "textwrap", "typing"];
    const sources = files.map((name) => readFileSync(join(folder, `${name}.py`), "utf8"));
    const theirs = ask<Names[][]>("names.py", sources);
    let statements = 0;
    sources.forEach((source, i) => {
      const mine = ours(source);
      statements += mine.length;
      expect(mine, files[i]).toEqual(theirs[i]);
    });
    expect(statements).toBeGreaterThan(200);
  });
});
