import { describe, expect, it } from "vitest";
import { refuseData, refuseFlags } from "../../../src/commands/cluster-options.js";

const input = (options: Record<string, unknown>) => ({ args: [], rest: [], options });

describe("flags that would mean nothing", () => {
  it.each([{ data: ["s3://lake/x=data"] }, { dataSecret: "keys" }])("are refused: %j", (options) => {
    expect(() => refuseData(input(options), false)).toThrow("--data is for a training job of the cluster");
    expect(() => refuseFlags(input(options), null)).toThrow(/^--data(-secret)? is for clusters/);
    refuseData(input(options), true);
  });

  it("are none where nothing was said", () => refuseData(input({}), false));
});
