// Bundles the command line: one chunk a command, so that `--help` loads only the table.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });
await mkdir("dist", { recursive: true });
const { version } = JSON.parse(await readFile("package.json", "utf8"));
const build_ = await digestOf("src");

const result = await build({
  entryPoints: ["src/cli.ts"],
  outdir: "dist",
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: true,
  format: "esm",
  platform: "node",
  target: "node20",
  metafile: true,
  legalComments: "external",
  define: { IAPP_VERSION: JSON.stringify(version), IAPP_BUILD: JSON.stringify(build_) },
  // CommonJS dependencies call `require` for built-ins; ES modules have none.
  banner: {
    js: 'import{createRequire as __iappRequire}from"node:module";const require=__iappRequire(import.meta.url);',
  },
  chunkNames: "chunks/[name]-[hash]",
  logLevel: "warning",
});

for (const [name, file] of [
  ["tree-sitter-python", "tree-sitter-python.wasm"],
  ["web-tree-sitter", "web-tree-sitter.wasm"],
]) {
  await copyFile(join("node_modules", name, file), join("dist", file));
}
await writeFile("dist/THIRD_PARTY_LICENSES", await notices(Object.keys(result.metafile.inputs)));

/** Names this very build: what an earlier build has trained is trained again. */
async function digestOf(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile() && /\.(ts|py|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash("sha256");
  for (const path of paths.sort()) hash.update(path).update(await readFile(path));
  return hash.digest("hex").slice(0, 16);
}

async function notices(inputs) {
  const packages = new Set();
  for (const input of inputs) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input.slice(input.lastIndexOf("node_modules/")));
    if (match) packages.add(input.slice(0, input.lastIndexOf("node_modules/")) + match[0].replace(/\/$/, ""));
  }
  packages.add("node_modules/tree-sitter-python");
  const parts = [];
  for (const folder of [...packages].sort()) {
    const meta = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    let text = "";
    for (const file of ["LICENSE", "LICENSE.md", "license", "LICENSE.txt", "LICENCE", "license.md"]) {
      text = await readFile(join(folder, file), "utf8").catch(() => "");
      if (text !== "") break;
    }
    parts.push(`${meta.name} ${meta.version} (${meta.license ?? "see text"})\n\n${text.trim()}\n`);
  }
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}
