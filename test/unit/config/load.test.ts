import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { configEnvironment, loadConfig, parseConfig, projectConfig } from "../../../src/config/index.js";
import { jsonSchemaText } from "../../../src/config/json-schema.js";
import { redact } from "../../../src/core/redact.js";
import { temporaryFolder } from "../../helpers/run-iapp.js";

describe("iapp.yaml on disk", () => {
  it("may be absent", async () => {
    const folder = await temporaryFolder();
    expect(await projectConfig(folder)).toEqual({ config: { on_dropped_rows: "refuse", strict: false }, warnings: [] });
  });

  it("fails with all its errors, places and exit code 2", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "iapp.yaml"), "nme: x\nport: many\n");
    await expect(projectConfig(folder)).rejects.toMatchObject({
      code: "IAPP_CONFIG_INVALID",
      exitCode: 2,
      message: "2 problems in iapp.yaml",
      where: "iapp.yaml:1:1",
      lines: [
        "iapp.yaml:1:1: unknown key 'nme' (did you mean name?)",
        "  1 | nme: x",
        "    | ^^^",
        "iapp.yaml:2:7: port must be a number, not a text",
        "  2 | port: many",
        "    |       ^^^^",
      ],
    });
  });

  it("gives warnings beside the configuration", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "iapp.yaml"), "port: 80\n");
    const { config, warnings } = await projectConfig(folder);
    expect([config.port, warnings.length]).toEqual([80, 1]);
  });

  it("may be a folder by mistake", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "iapp.yaml"));
    await expect(loadConfig(join(folder, "iapp.yaml"))).rejects.toMatchObject({ exitCode: 1 });
  });
});

describe("environment variables", () => {
  const { config } = parseConfig("env: {LEVEL: 3, KEY: {from: MY_KEY}, OTHER: {from: GONE}}", "iapp.yaml");

  it("come from the file or from the caller, whose values are hidden from then on", () => {
    expect(configEnvironment(config!, { MY_KEY: "correct-horse", GONE: "here" })).toEqual({
      LEVEL: "3",
      KEY: "correct-horse",
      OTHER: "here",
    });
    expect(redact("it said correct-horse")).toBe("it said ***");
  });

  it("are named when the caller lacks them", () => {
    expect(() => configEnvironment(config!, {})).toThrow(/not set: MY_KEY, GONE/);
  });
});

it("the JSON Schema is current (npm run schema)", async () => {
  const path = resolve(import.meta.dirname, "../../../src/config/iapp.schema.json");
  expect(await readFile(path, "utf8")).toBe(jsonSchemaText());
});
