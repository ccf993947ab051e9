// `npm run schema`: writes the JSON Schema of iapp.yaml beside the code that it is made from.
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const { outputFiles } = await build({
  entryPoints: [resolve(root, "src/config/json-schema.ts")],
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
});
const { jsonSchemaText } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`
);
await writeFile(resolve(root, "src/config/iapp.schema.json"), jsonSchemaText());
