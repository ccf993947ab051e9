import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/** Which folders of `src` each folder may import, besides itself and `core`. As drawn in `src/README.md`. */
const MAY_IMPORT: Record<string, string[]> = {
  "cli.ts": ["commands", "ui"],
  commands: ["actions", "notebook", "project", "config", "observe", "rollout", "ui/table.ts"],
  actions: [
    "config",
    "project",
    "notebook",
    "codegen",
    "image",
    "registry",
    "bucket",
    "kube",
    "local",
    "rollout",
    "observe",
    "router",
    "dashboard",
  ],
  ui: [],
  config: [],
  project: ["notebook", "config"],
  notebook: [],
  codegen: ["notebook"],
  image: [],
  registry: ["image"],
  bucket: [],
  kube: ["rollout", "router"],
  local: ["rollout", "router", "observe"],
  router: [],
  rollout: [],
  observe: [],
  dashboard: ["observe"],
  core: [],
};

/** Third-party packages that only some places may import (types are free). */
const FENCES: [package_: RegExp, allowed: RegExp][] = [
  [/^(chalk|ora|@inquirer\/)/, /^ui\//],
  [/^commander$/, /^(cli\.ts|commands\/)/],
  [/^execa$/, /^core\/exec\.ts$/],
  [/^(@kubernetes\/client-node|ws)$/, /^kube\/client/],
  [/^@aws-sdk\//, /^bucket\/store\.ts$/],
  [/^tar$/, /^(image|project)\//],
  [/^web-tree-sitter$/, /^notebook\//],
];

/** These decide and compute; whoever calls them does the input and output. */
const PURE = /^(notebook|codegen|rollout|kube\/manifests|config\/rules)/;
const EFFECTS = /^node:(fs|fs\/promises|http|https|net|child_process)$/;

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
  /** Loaded when it is called for: closes no cycle at load time. */
  lazy: boolean;
}

const root = resolve(import.meta.dirname, "../src");

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "runtime" ? [] : sources(path);
    return entry.name.endsWith(".ts") ? [path] : [];
  });
}

function importsOf(path: string): Import[] {
  const text = readFileSync(path, "utf8");
  const found: Import[] = [];
  const pattern = /^\s*(import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\("([^"]+)"\)/gm;
  for (const match of text.matchAll(pattern)) {
    const target = match[3] ?? match[4]!;
    const to = target.startsWith(".") ? relative(root, resolve(dirname(path), target)).replace(/\.js$/, ".ts") : target;
    found.push({ from: relative(root, path), to, typeOnly: match[2] !== undefined, lazy: match[4] !== undefined });
  }
  return found;
}

const files = sources(root);
const imports = files.flatMap(importsOf);
const area = (path: string): string => path.split("/")[0]!;
const isOurs = (to: string): boolean => /\.(ts|json)$/.test(to) && !to.startsWith("node:");

describe("the architecture", () => {
  it("is read at all", () => {
    expect(imports.length).toBeGreaterThan(50);
  });

  it("imports downward only", () => {
    const wrong = imports.filter(({ from, to, typeOnly }) => {
      if (!isOurs(to) || to.startsWith("..")) return false;
      const [a, b] = [area(from), area(to)];
      if (a === b || b === "core") return false;
      if (typeOnly && a === "core") return false;
      return !(MAY_IMPORT[a] ?? []).some((allowed) => allowed === b || allowed === to);
    });
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it("has no cycles between files", () => {
    const graph = new Map<string, string[]>();
    for (const { from, to, typeOnly, lazy } of imports) {
      if (isOurs(to) && !typeOnly && !lazy) graph.set(from, [...(graph.get(from) ?? []), to]);
    }
    const done = new Set<string>();
    const cycles: string[] = [];
    const walk = (file: string, path: string[]): void => {
      const at = path.indexOf(file);
      if (at >= 0) {
        cycles.push([...path.slice(at), file].join(" -> "));
        return;
      }
      if (done.has(file)) return;
      for (const next of graph.get(file) ?? []) walk(next, [...path, file]);
      done.add(file);
    };
    for (const file of graph.keys()) walk(file, []);
    expect(cycles).toEqual([]);
  });

  it("keeps third-party packages behind their fences", () => {
    const wrong = imports.filter(
      ({ from, to, typeOnly }) =>
        !typeOnly && FENCES.some(([package_, allowed]) => package_.test(to) && !allowed.test(from)),
    );
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it("keeps the pure folders free of effects", () => {
    const wrong = imports.filter(({ from, to }) => PURE.test(from) && EFFECTS.test(to));
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it("keeps the process behind cli, ui and core", () => {
    const wrong: string[] = [];
    for (const path of files) {
      const name = relative(root, path);
      if (/^(cli\.ts|ui\/|core\/)/.test(name)) continue;
      const code = readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      for (const word of code.match(/\bconsole\.\w+|\bprocess\.(?:exit|env|argv)\b/g) ?? [])
        wrong.push(`${name}: ${word}`);
    }
    expect(wrong).toEqual([]);
  });

  it("loads nothing but the table for --help", () => {
    const table = readFileSync(join(root, "commands/index.ts"), "utf8");
    const eager = [...table.matchAll(/^import (?!type)/gm)];
    expect(eager).toEqual([]);
  });
});
