import { z } from "zod";
import type { Path } from "./locate.js";
import { configSchema } from "./schema.js";

/** The keys that are allowed in the map at a path, for suggestions. */
export function knownKeys(path: Path): string[] {
  let at: unknown = configSchema;
  for (const step of path) {
    at = unwrap(at);
    if (at instanceof z.ZodObject) at = at.shape[step as string];
    else if (at instanceof z.ZodRecord) at = at.valueType;
    else return [];
  }
  at = unwrap(at);
  if (at instanceof z.ZodUnion) at = at.options.find((option) => option instanceof z.ZodObject);
  return at instanceof z.ZodObject ? Object.keys(at.shape).filter((key) => key !== "targets") : [];
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? unwrap(schema.unwrap()) : schema;
}
