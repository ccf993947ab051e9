import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventOf } from "../../../../src/actions/job/lines.js";
import { readReport } from "../../../../src/actions/job/report.js";
import { BucketServer } from "../../../helpers/bucket.js";
import { type Outcome, runIapp, temporaryFolder } from "../../../helpers/run-iapp.js";

interface Fetched extends Outcome {
  folder: string;
  report: string;
}

/** Runs the container of a job that copies its data, in a folder in the place of the working one. */
async function fetched(store: BucketServer, args: string[], env: Record<string, string> = {}): Promise<Fetched> {
  const folder = await temporaryFolder();
  const report = join(folder, "report");
  const inside = { KUBERNETES_SERVICE_HOST: "10.0.0.1", IAPP_REPORT: report };
  const outcome = await runIapp(["_cluster-data", "--secret", "keys", ...args], {
    cwd: folder,
    env: { ...store.env, ...inside, ...env },
  });
  return { ...outcome, folder, report: await readFile(report, "utf8").catch(() => "") };
}

async function started(): Promise<BucketServer> {
  const store = await BucketServer.start();
  onTestFinished(() => store.close());
  store.put({ "churn/d.csv": "a,b\n1,2\n", "more/x/y": "y" });
  return store;
}

describe("the container that copies a job's data", () => {
  it("puts it where the notebook reads it, and says how far it is in lines of the job's log", async () => {
    const store = await started();
    const { code, folder, stdout, report } = await fetched(store, ["s3://lake/churn=data", "s3://lake/more=in/more"]);
    expect([code, report]).toEqual([0, ""]);
    expect(await readFile(join(folder, "data/d.csv"), "utf8")).toBe("a,b\n1,2\n");
    expect(await readFile(join(folder, "in/more/x/y"), "utf8")).toBe("y");
    const texts = stdout
      .trim()
      .split("\n")
      .map((line) => eventOf(line)?.text);
    expect(texts).toContain("copying s3://lake/churn to data: 1 of 1 objects, 0.0 of 0.0 MB");
  });

  it("ends the job, and reports why, where another pod would fail, too", async () => {
    const store = await started();
    const denied = await fetched(store, ["s3://lake/churn=data"], { AWS_SECRET_ACCESS_KEY: "another-secret" });
    expect(denied.code).toBe(1);
    expect(readReport(denied.report)?.error).toMatchObject({
      kind: "operation",
      code: "IAPP_DATA_BUCKET",
      message: expect.stringContaining("(SignatureDoesNotMatch)"),
      remedy: expect.stringContaining("the Secret keys"),
    });
    const nothing = await fetched(store, ["s3://lake/none=data"]);
    expect([nothing.code, readReport(nothing.report)?.error?.code]).toEqual([2, "IAPP_DATA_EMPTY"]);
    const keyless = await fetched(store, ["s3://lake/churn=data"], { AWS_ACCESS_KEY_ID: "" });
    expect([keyless.code, readReport(keyless.report)?.error?.code]).toEqual([2, "IAPP_DATA_SECRET"]);
  });

  it("lets another pod try what may pass", async () => {
    const store = await started();
    store.faults.push({ on: "list", times: 99, refuse: { status: 503, code: "SlowDown" } });
    const { code, report, stdout } = await fetched(store, ["s3://lake/churn=data"]);
    expect(code).toBe(75);
    expect(readReport(report)?.error?.message).toContain("is busy or in trouble (SlowDown)");
    expect(stdout).toContain("trying again");
  });

  it("shows no credential, whatever fails", async () => {
    const store = await started();
    const said = await fetched(store, ["s3://lake/churn=data"], { AWS_ACCESS_KEY_ID: "AKIDOTHER0123" });
    expect(said.code).toBe(1);
    expect([said.stdout, said.stderr, said.report, JSON.stringify(said.events)].join()).not.toMatch(
      /AKIDOTHER|AKIDTEST|very\/secret/,
    );
  });

  it("runs nowhere else: it empties the folders that it fills", async () => {
    const store = await started();
    const { code, stderr } = await runIapp(["_cluster-data", "s3://lake/churn=data"], {
      cwd: await temporaryFolder(),
      env: store.env,
    });
    expect([code, stderr]).toEqual([2, expect.stringContaining("this is no pod that iapp has made")]);
  });
});
