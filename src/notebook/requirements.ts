import { maskCell } from "./magics.js";
import type { Notebook } from "./notebook.js";
import { shellWords } from "./shell-words.js";

/** One thing that a notebook installs for itself by a `pip` or `conda` line. */
export interface NotebookRequirement {
  /** `file`: `-r requirements.txt`; `path`: `-e ../lib`; `option`: a pip option that decides where packages come from. */
  kind: "package" | "url" | "path" | "file" | "option";
  /** As in a requirements file: `pandas==1.5.3`, `git+https://...`, `requirements.txt`, `--extra-index-url https://...`. */
  text: string;
  /** Distribution name, normalised (`scikit-learn`); null where the text has none. */
  name: string | null;
  cell: number;
  line: number;
  tool: "pip" | "conda";
}

/** What the notebook's own install lines ask for (`!pip install`, `%pip`, `conda install`, also inside `%%bash`), in order. */
export function requirements(notebook: Notebook): NotebookRequirement[] {
  const found: NotebookRequirement[] = [];
  for (const cell of notebook.code) {
    for (const magic of maskCell(cell.source).magics) {
      const lines = magic.kind === "cell" ? magic.text.split("\n") : [magic.text.replace(/\\\r?\n/g, " ")];
      lines.forEach((text, i) => {
        const line = text.replace(/^\s*(?:[\w., ]+=\s*)?[!%]{1,2}\s*/, "").trim();
        for (const command of shellWords(line)) {
          for (const requirement of ofCommand(command))
            found.push({ ...requirement, cell: cell.cell, line: magic.line + i });
        }
      });
    }
  }
  return found;
}

type Requirement = Omit<NotebookRequirement, "cell" | "line">;

/** Options with a value that changes where packages come from, and those whose value is only skipped. */
const SOURCES = new Set(["-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host", "--pre"]);
const WITH_VALUE = new Set(
  [
    "-t --target --prefix --root --cache-dir --log --proxy --timeout --retries --python -p --src --progress-bar --platform",
    "--python-version --implementation --abi --no-binary --only-binary --upgrade-strategy --report -c --constraint",
  ].flatMap((line) => line.split(" ")),
);
const CONDA_WITH_VALUE = new Set(["-c", "--channel", "-n", "--name", "-p", "--prefix", "--solver"]);

function ofCommand(words: string[]): Requirement[] {
  const rest = [...words];
  if (rest[0] === "sudo" || rest[0] === "system" || rest[0] === "sx") rest.shift();
  if (/python[\d.]*$|sys\.executable\}?$/.test(rest[0] ?? "") && rest[1] === "-m") rest.splice(0, 2);
  if (rest[0] === "uv" && rest[1] === "pip") rest.shift();
  const tool = rest.shift() ?? "";
  const options = [];
  while (rest[0]?.startsWith("-")) options.push(rest.shift());
  if (rest.shift() !== "install") return [];
  if (/^pip[\d.]*$/.test(tool)) return pip(rest);
  return /^(conda|mamba|micromamba)$/.test(tool) ? conda(rest) : [];
}

function pip(words: string[]): Requirement[] {
  const found: Requirement[] = [];
  const add = (kind: Requirement["kind"], text: string, name: string | null = null): void => {
    found.push({ kind, text, name, tool: "pip" });
  };
  for (let i = 0; i < words.length; i++) {
    const [option = "", inline] = words[i]!.startsWith("--") ? words[i]!.split(/=(.*)/s) : [words[i]!];
    const value = (): string => inline ?? words[++i] ?? "";
    if (option === "-r" || option === "--requirement") add("file", value());
    else if (/^-r./.test(option)) add("file", option.slice(2));
    else if (option === "-e" || option === "--editable") {
      const what = value();
      add(/:\/\//.test(what) ? "url" : "path", what);
    } else if (option === "--pre") add("option", option);
    else if (SOURCES.has(option)) add("option", `${option} ${value()}`);
    else if (WITH_VALUE.has(option)) value();
    else if (!option.startsWith("-")) {
      const what = words[i]!;
      if (/^[\w+.-]+:\/\/|^git\+/.test(what)) add("url", what, /#egg=([\w.-]+)/.exec(what)?.[1] ?? null);
      else if (/^\.{0,2}\/|^\.{1,2}$|^~|\.(whl|tar\.gz|zip)$/.test(what)) add("path", what);
      else {
        const name = /^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?/.exec(what)?.[0];
        if (name !== undefined) add("package", what.replace(/\s+/g, ""), normal(name));
      }
    }
  }
  return found.some((one) => one.kind !== "option") ? found : [];
}

/** `conda install -c conda-forge numpy=1.26` asks for the packages of the same name; one `=` means a prefix. */
function conda(words: string[]): Requirement[] {
  const found: Requirement[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (CONDA_WITH_VALUE.has(word)) i++;
    else if (!word.startsWith("-")) {
      const match = /^(?:[\w-]+::)?([A-Za-z0-9][\w.-]*)(.*)$/.exec(word);
      if (match === null) continue;
      const version = /^=(?!=)([^=]+)/.exec(match[2]!)?.[1];
      const text = version === undefined ? match[1]! + match[2]! : `${match[1]}==${version}.*`;
      found.push({ kind: "package", text, name: normal(match[1]!), tool: "conda" });
    }
  }
  return found;
}

function normal(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}
