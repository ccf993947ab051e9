import { describe, expect, it } from "vitest";
import { maskCell } from "../../../src/notebook/magics.js";
import { byteLength } from "../../../src/notebook/text.js";

/** Cells, what Python sees of them (`~` is a blank, `^` a form feed), and their magics as `kind action assigns text`. */
const CASES: [name: string, source: string, masked: string, magics: string[]][] = [
  ["plain Python stays", "x = 1\ny = a % b\n", "x = 1\ny = a % b\n", []],
  ["a line magic", "%matplotlib inline\nx = 1", "pass~~~~~~~~~~~~~~\nx = 1", ["line ignore null %matplotlib inline"]],
  ["a blank after the sign", "% matplotlib inline", "pass~~~~~~~~~~~~~~~", ["line ignore null % matplotlib inline"]],
  ["installing", "!pip install -q x", "pass~~~~~~~~~~~~~", ["shell ignore null !pip install -q x"]],
  [
    "a module run to install",
    "!{sys.executable} -m pip install x",
    `pass${"~".repeat(30)}`,
    ["shell ignore null !{sys.executable} -m pip install x"],
  ],
  ["a shell line", "!ls", "0;~", ["shell run null !ls"]],
  ["a continued shell line", "!wget a \\\n  -O b\nx", "pass~~~~~\n~~~~~~\nx", ["shell run null !wget a \\\n  -O b"]],
  ["a caught shell line", "files = !ls *.csv", "pass~~~~~~~~~~~~~", ["shell run files files = !ls *.csv"]],
  ["several names caught", "a, b = !ls", "pass~~~~~~", ["shell run a, b a, b = !ls"]],
  ["a caught magic", "r = %sql select 1", "pass~~~~~~~~~~~~~", ["line run r r = %sql select 1"]],
  ["a timed assignment", "%time x = f(\n  1)", "pass~;x = f(\n  1)", ["line ignore null %time"]],
  ["a timed value", "x = %time f(y)", "x = ~~~~~~f(y)", ["line ignore null %time"]],
  ["a timed loop", "%time for i in x: f(i)", "^^^^^^for i in x: f(i)", ["line ignore null %time"]],
  [
    "a timed loop in a block",
    "if a:\n    %time for i in x: f(i)",
    "if a:\n^^^^^^    for i in x: f(i)",
    ["line ignore null %time"],
  ],
  ["options of timeit", "%timeit -n 10 -r3 f(x)", "pass~~~~~~~~~~~~~;f(x)", ["line ignore null %timeit -n 10 -r3"]],
  [
    "a timed cell",
    "%%time\nx = 1\n!ls -l",
    "pass~~\nx = 1\npass~~",
    ["cell ignore null %%time", "shell run null !ls -l"],
  ],
  [
    "two cell magics",
    "%%capture out\n%%time\nx = 1",
    "pass~~~~~~~~~\npass~~\nx = 1",
    ["cell ignore out %%capture out", "cell ignore null %%time"],
  ],
  ["a comment above", "# iapp: skip\n%%time\nx", "# iapp: skip\npass~~\nx", ["cell ignore null %%time"]],
  ["another language", "%%bash\nls é\n", "pass~~\n~~~~~\n", ["cell run null %%bash\nls é"]],
  ["display in another language", "%%html\n<b>", "pass~~\n~~~", ["cell ignore null %%html\n<b>"]],
  [
    "help",
    "df.head?\n?df\nnp.dot??",
    "pass~~~~\n0;~\npass~~~~",
    ["help ignore null df.head?", "help ignore null ?df", "help ignore null np.dot??"],
  ],
  ["bytes, not characters", "!echo é→", `pass${"~".repeat(7)}`, ["shell run null !echo é→"]],
  ["not inside strings", 's = """\n%time\n!ls\n"""\nt = "a\\\n!b"', 's = """\n%time\n!ls\n"""\nt = "a\\\n!b"', []],
  ["not inside brackets", "x = (a\n% b\n)", "x = (a\n% b\n)", []],
  ["not after a backslash", "x = a \\\n% b", "x = a \\\n% b", []],
  ["a comment with a bracket", "x = 1  # (\n%pwd", "x = 1  # (\npass", ["line run null %pwd"]],
  ["a string that does not end", "x = 'abc\n!ls -a", "x = 'abc\npass~~", ["shell run null !ls -a"]],
  [
    "in a block",
    "if a:\n    !ls\nelse:\n    %cd x\n",
    "if a:\n    0;~\nelse:\n    pass~\n",
    ["shell run null !ls", "line run null %cd x"],
  ],
  [
    "without a sign",
    "pip install x\nls = 3\ncd data",
    "pass~~~~~~~~~\nls = 3\npass~~~",
    ["line ignore null pip install x", "line run null cd data"],
  ],
  ["an indented cell", "  x = 1\n  if x:\n    y = '''\n  z'''\n", "^^x = 1\n^^if x:\n^^  y = '''\n  z'''\n", []],
  ["Windows line ends", "%cd x\r\ny = 1\r\n", "pass~\r\ny = 1\r\n", ["line run null %cd x"]],
  [
    "extensions for comfort",
    "%load_ext autoreload\n%load_ext sql",
    `pass${"~".repeat(16)}\npass${"~".repeat(9)}`,
    ["line ignore null %load_ext autoreload", "line run null %load_ext sql"],
  ],
];

describe("masking of magics", () => {
  it.each(CASES)("%s", (_, source, masked, magics) => {
    const result = maskCell(source);
    expect(result.source).toBe(masked.replaceAll("~", " ").replaceAll("^", "\f"));
    expect(result.magics.map(({ kind, action, assigns, text }) => `${kind} ${action} ${assigns} ${text}`)).toEqual(
      magics,
    );
  });

  it("keeps bytes and height, and its spans hold the text", () => {
    for (const [, source] of CASES) {
      const { source: masked, magics } = maskCell(source);
      expect(byteLength(masked)).toBe(byteLength(source));
      expect(masked.split("\n").map(byteLength)).toEqual(source.split("\n").map(byteLength));
      const bytes = Buffer.from(source);
      for (const { span, text, line } of magics) {
        const cut = bytes.subarray(span[0], span[1]).toString();
        expect(cut.trim()).toBe(text);
        expect(bytes.subarray(0, span[0]).toString().split("\n").length).toBe(line);
      }
    }
  });
});
