import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { awaitJob } from "../../../src/kube/await-job.js";
import { FakeApiServer, send } from "../../helpers/fake-api-server.js";

const IMAGES = {
  initContainers: [{ name: "data", image: "r.example/iapp@sha256:1" }],
  containers: [{ name: "training", image: "r.example/nb@sha256:2" }],
};

describe("the end of a training job that copies data first", () => {
  let server: FakeApiServer;
  beforeEach(async () => {
    server = await FakeApiServer.start();
  });
  afterEach(() => server.stop());

  /** One pod that is like this, of a Job that has ended like this. */
  function serve(status: object, condition?: { type: string; reason: string }): void {
    const conditions = condition === undefined ? [] : [{ ...condition, status: "True" }];
    server.handle = ({ url = "" }, res) => {
      if (url.includes("/jobs/")) return send(res, 200, { metadata: { name: "j", uid: "1" }, status: { conditions } });
      if (url.includes("/log")) return void res.writeHead(200).end(`a line of ${/container=(\w+)/.exec(url)?.[1]}\n`);
      if (url.includes("/events")) return send(res, 200, { items: [] });
      send(res, 200, { items: [{ metadata: { name: "p", uid: "2" }, spec: IMAGES, status }] });
    };
  }

  const container = (name: string, state: object) => ({ name, ready: false, restartCount: 0, state });
  const waiting = container("training", { waiting: { reason: "PodInitializing" } });

  it("is told at once where the Secret is not there", async () => {
    const state = { waiting: { reason: "CreateContainerConfigError", message: 'secret "keys" not found' } };
    const pod = { phase: "Pending", initContainerStatuses: [container("data", state)], containerStatuses: [waiting] };
    serve(pod);
    expect(await awaitJob(server.api(), "j", () => undefined)).toMatchObject({
      ended: "stuck",
      cause: { text: "needs the secret keys, which is not there" },
    });
  });

  it("names the image of the container that cannot be begun", async () => {
    const state = { waiting: { reason: "ImagePullBackOff", message: "manifest unknown" } };
    serve({ phase: "Pending", initContainerStatuses: [container("data", state)], containerStatuses: [waiting] });
    const end = await awaitJob(server.api(), "j", () => undefined);
    expect(JSON.stringify(end)).toContain("r.example/iapp@sha256:1");
  });

  it("has the report and the lines of the container that has failed", async () => {
    const failed = container("data", { terminated: { exitCode: 2, message: "the report of data" } });
    serve(
      { phase: "Failed", initContainerStatuses: [failed], containerStatuses: [waiting] },
      { type: "Failed", reason: "PodFailurePolicy" },
    );
    const end = await awaitJob(server.api(), "j", () => undefined);
    expect(end).toMatchObject({ ended: "failed", message: "the report of data", lines: ["a line of data"] });
  });

  it("waits for the job's own end where the pod is still called pending", async () => {
    const failed = container("data", { terminated: { exitCode: 1, message: "the report of data" } });
    const statuses = { initContainerStatuses: [failed], containerStatuses: [waiting] };
    serve({ phase: "Pending", ...statuses });
    const end = awaitJob(server.api(), "j", () => undefined);
    await expect.poll(() => server.requests.filter((line) => line.includes("/jobs/")).length).toBeGreaterThan(1);
    serve({ phase: "Failed", ...statuses }, { type: "Failed", reason: "PodFailurePolicy" });
    expect(await end).toMatchObject({ ended: "failed", message: "the report of data" });
  });

  it("has those of the training where the data were there", async () => {
    const done = container("data", { terminated: { exitCode: 0, message: "" } });
    const trained = container("training", { terminated: { exitCode: 0, message: "the report of training" } });
    serve(
      { phase: "Succeeded", initContainerStatuses: [done], containerStatuses: [trained] },
      { type: "Complete", reason: "" },
    );
    const end = await awaitJob(server.api(), "j", () => undefined);
    expect(end).toMatchObject({ ended: "complete", message: "the report of training" });
  });
});
