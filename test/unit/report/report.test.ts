import { describe, expect, it } from "vitest";
import { highlightPython } from "../../../src/codegen/report/highlight.js";
import { type ReportInput, renderReport } from "../../../src/codegen/report/index.js";
import { renderMarkdown } from "../../../src/codegen/report/markdown.js";
import { notebookSection } from "../../../src/codegen/report/notebook.js";
import { temporaryFolder } from "../../helpers/run-iapp.js";
import { makeRun } from "../bundle/run-folder.js";

const HOSTILE = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`;

async function inputOf(change: (input: ReportInput) => void = () => undefined): Promise<ReportInput> {
  const run = await makeRun(await temporaryFolder(), "r1");
  const { record, verification, contract } = run;
  const input: ReportInput = {
    name: "churn",
    digest: "ab".repeat(32),
    contract,
    verification,
    agreement: null,
    scorePy: 'frozen = Frozen("frozen.json")\n',
    notebook: null,
    files: [{ path: "score.py", bytes: 1234, code: true }],
    lineage: {
      schema: "iapp.lineage/1",
      name: "churn",
      notebook: { path: "churn.ipynb", sha256: "cd".repeat(32) },
      git: null,
      parameters: [],
      data_files: [],
      modules: [],
      python: { training: "3.11.7", scoring: "3.11.7" },
      packages: { training: {}, scoring: {} },
      served: record.served,
      source: record.source,
      task: record.task,
      cells: record.cells,
      frozen: [{ name: "age_median", access: "constant", summary: "41", cell: 2, text: "df.age.median()" }],
      models: [
        { name: "clf", file: "model/clf.pkl", cell: 3, text: "clf.fit(X, y)", class: "Forest", params: { n: 1 } },
      ],
      checks: record.checks,
      warnings: record.warnings,
      failures: [],
    },
  };
  change(input);
  return input;
}

const output = (data: Record<string, unknown>) => ({ output_type: "display_data", data });
const code = (source: string, ...outputs: unknown[]) => ({ cell_type: "code", source, outputs });
const shown = (...cells: unknown[]): string => notebookSection({ cells }, new Map([[1, "score"]]))!.text;

describe("the report", () => {
  it("answers what is served, on what proof, from which cells", async () => {
    const page = renderReport(await inputOf());
    for (const text of [
      "clf.predict",
      "cell 3",
      ">equal<",
      "fills holes in age",
      "age_median",
      "18 to 80",
      "rows where age is negative",
      "random_state",
    ])
      expect(page).toContain(text);
    expect(page).not.toMatch(/undefined|\[object|NaN/);
  });

  it("says in which cells the run printed other numbers than are stored", async () => {
    const cells = [
      { cell: 1, verdict: "equal" as const, first: null },
      { cell: 2, verdict: "different" as const, first: { stored: "0.851", now: "0.612" } },
    ];
    const page = renderReport(
      await inputOf((input) => {
        input.agreement = { schema: "iapp.agreement/1", equal: 1, close: 0, different: 1, cells };
      }),
    );
    expect(page).toContain("of 2 cells whose numbers can be compared");
    expect(page).toMatch(/cell 2.*different.*0\.851.*0\.612/s);
  });

  it("needs nothing else: no script, no address to load from", async () => {
    const page = renderReport(await inputOf());
    expect(page).not.toMatch(/<script|<link|@import|url\(|\ssrc="(?!data:)/i);
    expect(page).toContain("default-src 'none'");
  });

  it("escapes everything that comes from a notebook", async () => {
    const page = renderReport(
      await inputOf((input) => {
        input.name = HOSTILE;
        input.scorePy = `x = '${HOSTILE}' # ${HOSTILE}\n`;
        input.lineage.cells[0]!.reason = HOSTILE;
        input.lineage.frozen[0]!.summary = HOSTILE;
        input.lineage.notebook.path = HOSTILE;
        input.lineage.warnings[0]!.text = HOSTILE;
        input.contract.columns[0]!.name = HOSTILE;
        input.contract.columns[0]!.example = HOSTILE;
        input.notebook = {
          cells: [
            { cell_type: "markdown", source: `${HOSTILE}\n\n[a](javascript:alert(1)) ![b](https://example.org/x.png)` },
            code(HOSTILE, { output_type: "stream", name: "stdout", text: HOSTILE }, output({ "text/html": HOSTILE })),
          ],
        };
      }),
    );
    expect(page).not.toMatch(/<script|<img src=x|href="javascript|src="https?:/i);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    // The frame holds the output's HTML as an attribute value, sandboxed without any permission.
    expect(page).toContain('sandbox="" loading="lazy"');
  });

  it("says what differs when a proof does not hold", async () => {
    const page = renderReport(
      await inputOf((input) => {
        input.verification.equal = false;
        input.verification.first_difference = {
          cell: 2,
          line: 4,
          statement: "df.age = df.age.fillna(m)",
          column: "age",
          row: 17,
          expected: "41.0",
          actual: "40.5",
          where: "single",
        };
      }),
    );
    expect(page).toContain("NOT equal");
    expect(page).toContain("column age, row 17: 41.0 expected, 40.5 found");
  });
});

describe("the notebook in the report", () => {
  it("numbers code cells, shows verdicts, pictures and tables", () => {
    const text = shown(
      { cell_type: "markdown", source: ["# Title\n", "*some* text"] },
      code("plt.show()", output({ "image/png": "iVBORw0KGgo=", "text/plain": "<Figure>" })),
      code("df", output({ "text/html": "<table><tr><td>1</td></tr></table>", "text/plain": "   a\n0  1" })),
    );
    expect(text).toContain("<h1>Title</h1>");
    expect(text).toContain('id="cell-1"');
    expect(text).toContain('<span class="v score">score</span>');
    expect(text).toContain('src="data:image/png;base64,iVBORw0KGgo="');
    expect(text).toContain("&lt;table&gt;");
  });

  it("cuts long outputs in the middle and drops oversized ones, saying so", () => {
    const long = `first${"x".repeat(100_000)}last`;
    const text = shown(code("a", { output_type: "stream", text: long }));
    expect(text.length).toBeLessThan(25_000);
    expect(text).toMatch(/first[\s\S]*characters left out[\s\S]*last/);
    expect(shown(code("a", output({ "text/html": `<p>${long.repeat(3)}`, "text/plain": "plain" })))).toContain("plain");
    expect(shown(code("a", output({ "image/png": "A".repeat(4_000_000) })))).toContain("left out");
  });

  it("drops terminal colours and shows an error's traceback", () => {
    const text = shown(
      code("1/0", {
        output_type: "error",
        ename: "E",
        evalue: "v",
        traceback: ["\u001b[31mZeroDivisionError\u001b[0m: x"],
      }),
    );
    expect(text).toContain("ZeroDivisionError: x");
    expect(text).not.toContain("\u001b");
  });

  it("is left out where there is none", () => {
    expect(notebookSection(null, new Map())).toBeNull();
    expect(notebookSection({ cells: "no" }, new Map())).toBeNull();
  });
});

describe("markdown", () => {
  it("takes pictures from attachments only", () => {
    const png = "data:image/png;base64,AAAA";
    expect(renderMarkdown("![a](attachment:x.png)", { "x.png": png }).text).toContain(`src="${png}"`);
    expect(renderMarkdown("![a](attachment:y.png)", { "x.png": png }).text).toContain("[image: a]");
    expect(renderMarkdown("![a](data:image/svg+xml;base64,AAAA)").text).not.toContain("<img");
  });
});

describe("highlighting", () => {
  it("never changes the text", () => {
    const source = `def f(x):\n    '''doc < " '''\n    return frozen.a[x] + 1e-3  # <b>\n"unterminated`;
    const text = highlightPython(source)
      .text.replace(/<\/?[ib][^>]*>/g, "")
      .replace(/&lt;/g, "<")
      .replace(/&gt;/g, ">")
      .replace(/&quot;/g, '"')
      .replace(/&#39;/g, "'")
      .replace(/&amp;/g, "&");
    expect(text).toBe(source);
    expect(highlightPython(source).text).toContain('<b class="d">f</b>');
  });
});
