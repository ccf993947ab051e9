#!/usr/bin/env node
// CommonJS on purpose: an ES module entry costs 4 to 8 ms, and `--version` must not load anything.
"use strict";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`iapp needs Node 20.19 or newer; this is ${process.versions.node}.\n`);
  process.exit(2);
}
const first = process.argv[2];
if ((first === "--version" || first === "-V") && process.argv.length === 3) {
  process.stdout.write(`${require("../package.json").version}\n`);
} else {
  const module_ = require("node:module");
  // Node 22.8 and newer keep compiled code between runs.
  if (typeof module_.enableCompileCache === "function") module_.enableCompileCache();
  import("../dist/cli.js").then(
    (cli) => cli.main(process.argv.slice(2)),
    (error) => {
      if (
        error &&
        error.code === "ERR_MODULE_NOT_FOUND" &&
        !require("node:fs").existsSync(`${__dirname}/../dist/cli.js`)
      ) {
        process.stderr.write("iapp is not built yet: run `npm run build` in its folder.\n");
      } else {
        process.stderr.write(`${error?.stack ?? error}\n`);
      }
      process.exit(1);
    },
  );
}
