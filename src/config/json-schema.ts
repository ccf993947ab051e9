import { z } from "zod";
import { configSchema } from "./schema.js";

/** `iapp.schema.json`: for editors that complete and check `iapp.yaml`. */
export function jsonSchema(): unknown {
  const schema = z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" });
  return { ...schema, $id: "iapp.schema.json" };
}

/** The text of the file, as `npm run schema` writes it. */
export function jsonSchemaText(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`;
}
