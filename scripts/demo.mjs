// `npm run demo`: the main path on real input, as a person would type it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const folder = resolve(root, ".demo");

function iapp(args, cwd = folder) {
  process.stderr.write(`\n$ iapp ${args.join(" ")}\n`);
  const { status } = spawnSync(process.execPath, [resolve(root, "bin/iapp.js"), ...args], { cwd, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(folder)) iapp(["init", folder, "--template", "churn", "--yes"], root);
iapp(["check", "churn.ipynb"]);
iapp(["deploy", "churn.ipynb", "--yes"]);
iapp(["predict", "--example"]);
iapp(["status"]);
process.stderr.write(
  `\nIt keeps running. Try its page in a browser, or stop it: cd .demo && ${"iapp delete churn --yes"}\n`,
);
