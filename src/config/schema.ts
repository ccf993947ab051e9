import { z } from "zod";
import { isRequirement, isSlug, PYTHON_KEYWORDS } from "./words.js";

/** A value that notebooks can be given: what YAML and JSON share. */
const json: z.ZodType<unknown> = z
  .json()
  .meta({ description: "a number, a text, true or false, null, a list or a map of these" });

const cell = z.int().min(1).max(100_000);

const parameterName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is not a Python name")
  .refine((name) => !PYTHON_KEYWORDS.has(name), "is a word of the Python language");

const environmentName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is not the name of an environment variable");

const serve = z
  .strictObject({
    model: z.string().min(1).optional().meta({ description: "name of the fitted model in the notebook" }),
    cell: cell.optional().meta({ description: "code cell in which the served prediction is made, counted from 1" }),
  })
  .meta({ description: "what is served, where iapp would choose something else" });

const limits = z
  .strictObject({
    cell_seconds: z.number().positive().optional().meta({ description: "longest time for one cell" }),
    run_seconds: z.number().positive().optional().meta({ description: "longest time for the whole training run" }),
    request_rows: z.int().min(1).max(10_000_000).optional().meta({ description: "most rows in one request" }),
    request_bytes: z
      .int()
      .min(1024)
      .max(2 ** 31 - 1)
      .optional()
      .meta({ description: "largest body of one request" }),
  })
  .meta({ description: "limits of training runs and of requests" });

const fromElsewhere = z.strictObject({
  from: environmentName.meta({ description: "variable of the calling environment that holds the value" }),
});

const image = z
  .strictObject({
    repository: z
      .string()
      .regex(/^[A-Za-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+$/, "is not registry.example/team/name, without tag")
      .optional()
      .meta({ description: "where images are pushed: registry.example/team/name" }),
    base: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "base image; the official slim Python of the notebook's version where absent" }),
    platform: z.enum(["linux/amd64", "linux/arm64"]).optional().meta({ description: "what the images run on" }),
  })
  .meta({ description: "how `iapp build` makes images" });

/** `iapp.yaml`. Every key is optional: nothing has to be said that iapp finds out by itself. */
export const configSchema = z
  .strictObject({
    name: z
      .string()
      .max(63)
      .refine(isSlug, "must have lower case letters, digits and inner hyphens only")
      .optional()
      .meta({
        description: "name of the app; the notebook's file name where absent",
        pattern: "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
      }),
    notebook: z
      .string()
      .regex(/\.ipynb$/, "must end in .ipynb")
      .optional()
      .meta({ description: "the notebook, relative to this file" }),
    python: z.string().min(1).optional().meta({ description: "version (3.11) or path of the Python to use" }),
    era: z
      .string()
      .regex(/^(newest|20[12]\d-(0[1-9]|1[0-2]))$/, "is neither a month such as 2022-06 nor newest")
      .optional()
      .meta({ description: "libraries as they were at the end of this month; newest: whatever the code looks like" }),
    packages: z
      .array(z.string().refine(isRequirement, "is not a requirement such as pandas==2.2.3"))
      .optional()
      .meta({ description: "requirements, before those of requirements.txt and those found in the notebook" }),
    serve: serve.optional(),
    parameters: z.record(parameterName, json).optional().meta({ description: "values for the notebook's parameters" }),
    limits: limits.optional(),
    on_dropped_rows: z
      .enum(["refuse", "score"])
      .default("refuse")
      .meta({ description: "rows that the notebook's own cleaning drops: refuse them, or score and flag them" }),
    strict: z
      .boolean()
      .default(false)
      .meta({ description: "refuse unknown categories and values outside the range seen in training" }),
    port: z.int().min(1).max(65535).optional().meta({ description: "port of the service on this machine" }),
    env: z
      .record(environmentName, z.union([z.string(), z.number(), z.boolean(), fromElsewhere]))
      .optional()
      .meta({ description: "environment of training and scoring: a value, or where it comes from" }),
    image: image.optional(),
    skip: z.array(cell).optional().meta({ description: "code cells that are not run, counted from 1" }),
    targets: z.never("is reserved: apps run on this machine so far").optional().meta({ description: "reserved" }),
  })
  .meta({ title: "iapp.yaml", description: "What iapp is told about a project beyond what it finds out by itself." });

export type Config = z.output<typeof configSchema>;
export type EnvironmentValue = NonNullable<Config["env"]>[string];

/** The configuration of a project without `iapp.yaml`. */
export function defaultConfig(): Config {
  return configSchema.parse({});
}
