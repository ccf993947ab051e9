import { describe, expect, it } from "vitest";
import { diagnosticLines, parseConfig } from "../../../src/config/index.js";

const heads = (text: string): string[] =>
  parseConfig(text, "iapp.yaml").diagnostics.map((diagnostic) => diagnosticLines(diagnostic)[0]!);

describe("a configuration that is right", () => {
  it("is read with its types", () => {
    const { config, diagnostics } = parseConfig(
      `# what iapp cannot know
name: churn
notebook: analysis/churn.ipynb
packages: [pandas==2.2.3, "scikit-learn[x]>=1.2,<2; python_version<'3.13'", tool @ https://example.com/tool.whl]
serve: { model: clf, cell: 12 }
parameters: { n_trees: 200, columns: [a, b], nothing: null }
limits: { cell_seconds: 0.5, request_rows: 10 }
on_dropped_rows: score
strict: true
port: 8123
env: { MODE: fast, LEVEL: 3, FLAG: true, KEY: { from: MY_KEY } }
skip: [1, 4]
`,
      "iapp.yaml",
    );
    expect(diagnostics).toEqual([]);
    expect(config).toEqual({
      name: "churn",
      notebook: "analysis/churn.ipynb",
      packages: [
        "pandas==2.2.3",
        "scikit-learn[x]>=1.2,<2; python_version<'3.13'",
        "tool @ https://example.com/tool.whl",
      ],
      serve: { model: "clf", cell: 12 },
      parameters: { n_trees: 200, columns: ["a", "b"], nothing: null },
      limits: { cell_seconds: 0.5, request_rows: 10 },
      on_dropped_rows: "score",
      strict: true,
      port: 8123,
      env: { MODE: "fast", LEVEL: 3, FLAG: true, KEY: { from: "MY_KEY" } },
      skip: [1, 4],
    });
  });

  it.each([["3.10"], ["'3.10'"], ["3.1"], ["/usr/bin/python3"]])("keeps the version of python: %s", (written) => {
    const { config } = parseConfig(`python: ${written}\n`, "iapp.yaml");
    expect(config?.python).toBe(written.replaceAll("'", ""));
  });

  it.each([[""], ["# only a comment\n"], ["---\n"], ["{}"], ["\uFEFFstrict: false\n"]])(
    "has defaults where nothing is said: %j",
    (text) => {
      expect(parseConfig(text, "iapp.yaml")).toEqual({
        config: { on_dropped_rows: "refuse", strict: false },
        diagnostics: [],
      });
    },
  );
});

describe("a configuration that is wrong", () => {
  it("gets everything in one report, by place", () => {
    const text = `nme: churn
notebook: churn.py
packages: pandas
serve:
  model: clf
  cel: 4
parameters: {class: 1, n-trees: 2, x: .nan}
limits:
  cell_seconds: "20"
  request_rows: 0
  run_seconds: -1
on_dropped_rows: scores
strict: yes
port: 70000
env:
  A: {form: B}
  B: [1]
  C: {from: 1x}
  9D: 4
skip: [1, two, 0]
targets: {prod: {}}
`;
    expect(heads(text)).toEqual([
      "iapp.yaml:1:1: unknown key 'nme' (did you mean name?)",
      "iapp.yaml:2:11: notebook must end in .ipynb",
      "iapp.yaml:3:11: packages must be a list, not a text (write [pandas])",
      "iapp.yaml:6:3: unknown key 'cel' in serve (did you mean cell?)",
      "iapp.yaml:7:14: parameters: 'class' is a word of the Python language",
      "iapp.yaml:7:24: parameters: 'n-trees' is not a Python name",
      "iapp.yaml:7:39: parameters.x is not a value that JSON has",
      "iapp.yaml:9:17: limits.cell_seconds must be a number, not a text (without quotes)",
      "iapp.yaml:10:17: limits.request_rows must be at least 1",
      "iapp.yaml:11:16: limits.run_seconds must be more than 0",
      "iapp.yaml:12:18: on_dropped_rows must be refuse or score (did you mean score?)",
      "iapp.yaml:13:9: strict must be true or false, not a text (write true)",
      "iapp.yaml:14:7: port must be at most 65535",
      "iapp.yaml:16:7: unknown key 'form' in env.A (did you mean from?)",
      "iapp.yaml:17:6: env.B must be a text, a number, true or false, or {from: NAME}, not a list",
      "iapp.yaml:18:13: env.C.from is not the name of an environment variable",
      "iapp.yaml:19:3: env: '9D' is not the name of an environment variable",
      "iapp.yaml:20:11: skip[1] must be a number, not a text",
      "iapp.yaml:20:16: skip[2] must be at least 1",
      "iapp.yaml:21:1: targets is reserved: apps run on this machine so far",
    ]);
    expect(parseConfig(text, "iapp.yaml").config).toBeNull();
  });

  it.each([
    ["- a", "1:1: the file must be a map, not a list"],
    ["hello", "1:1: the file must be a map, not a text"],
    ["name: 3", '1:7: name must be a text, not a whole number (write "3")'],
    ["name: Chu_rn", "1:7: name must have lower case letters, digits and inner hyphens only"],
    [`name: ${"a".repeat(64)}`, "1:7: name must have at most 63 characters"],
    ["name:\n  - 1", "1:1: name must be a text, not a list"],
    ["serve:", "1:7: serve must be a map, not nothing"],
    ["env: {A: {}}", "1:10: env.A.from is missing"],
    ["skip: [1.5]", "1:8: skip[0] must be a whole number, not a number"],
    ["python: ''", "1:9: python is empty"],
    ["name: a\nname: b", "2:1: this key stands here a second time"],
    ["name: x\r\n---\r\nname: y", "3:1: a second document begins here (keep one)"],
    ["name: !!js/function x", "1:7: not valid YAML: Unresolved tag: tag:yaml.org,2002:js/function"],
    ["packages: [-r x.txt]", "1:12: packages[0] is not a requirement such as pandas==2.2.3"],
  ])("%j", (text, message) => {
    expect(heads(text)).toEqual([`iapp.yaml:${message}`]);
  });

  it("is no way to reach a prototype", () => {
    const { config, diagnostics } = parseConfig("__proto__: { strict: true }\n", "iapp.yaml");
    expect(config).toBeNull();
    expect(diagnostics[0]?.message).toBe("unknown key '__proto__'");
    expect(({} as { strict?: boolean }).strict).toBeUndefined();
  });

  it("is refused when aliases unfold without end", () => {
    let text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (let i = 1; i < 9; i++)
      text += `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]\n`;
    const { config, diagnostics } = parseConfig(text, "iapp.yaml");
    expect(config).toBeNull();
    expect(diagnostics[0]?.message).toContain("alias");
  });

  it("is refused when it is no text", () => {
    const { config, diagnostics } = parseConfig(Uint8Array.from([0x6e, 0xff, 0xfe]), "iapp.yaml");
    expect([config, diagnostics[0]?.message]).toEqual([null, "not UTF-8 text"]);
  });

  it("shows the line with a caret below what is meant", () => {
    const [diagnostic] = parseConfig("strict: false\nserve: {\tmodle: clf}\n", "iapp.yaml").diagnostics;
    expect(diagnosticLines(diagnostic!)).toEqual([
      "iapp.yaml:2:10: unknown key 'modle' in serve (did you mean model?)",
      "  2 | serve: { modle: clf}",
      "    |          ^^^^^",
    ]);
  });

  it("shows a part of a line that is very long", () => {
    const [diagnostic] = parseConfig(`skip: [${"1, ".repeat(100)}x]\n`, "iapp.yaml").diagnostics;
    const [, line, caret] = diagnosticLines(diagnostic!);
    expect(line!.length).toBeLessThan(115);
    expect(line![caret!.indexOf("^")]).toBe("x");
  });
});
