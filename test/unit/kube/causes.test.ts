import { describe, expect, it } from "vitest";
import { causeOf, type EventObject, type PodObject, refusalOf } from "../../../src/kube/causes.js";

function pod(status: PodObject["status"], more: Partial<PodObject["metadata"]> = {}): PodObject {
  const spec = { containers: [{ name: "scoring", image: "r.example/a@sha256:1" }] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p", ...more }, spec, status: status! };
}

const container = (state: object, more: object = {}) =>
  pod({ containerStatuses: [{ name: "scoring", ready: false, restartCount: 0, state, ...more } as never] });

const event = (reason: string, message: string, count = 1): EventObject =>
  ({ reason, message, count, involvedObject: { kind: "Pod", name: "p" }, metadata: { name: "e" } }) as EventObject;

describe("what keeps a pod from being ready", () => {
  it.each([
    [
      "image",
      true,
      container({ waiting: { reason: "ErrImagePull" } }),
      [event("Failed", "Failed to pull image: not found")],
    ],
    ["image", false, container({ waiting: { reason: "ImagePullBackOff", message: "connection refused" } }), []],
    [
      // As a kubelet tells it after some seconds: the words that say most are not the last.
      "image",
      true,
      container({ waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "r.example/a:1"' } }),
      [
        event("Failed", 'Failed to pull image "r.example/a:1": failed to resolve reference "r.example/a:1": not found'),
        event("Failed", "Error: ErrImagePull"),
        event("BackOff", 'Back-off pulling image "r.example/a:1"'),
        event("Failed", "Error: ImagePullBackOff"),
      ],
    ],
    [
      // The numbers of a port and of a digest say nothing.
      "image",
      false,
      container({ waiting: { reason: "ErrImagePull" } }),
      [
        event(
          "Failed",
          'Failed to pull image "r.example:40312/a@sha256:0403404": failed to do request: Head "http://r.example:40312/v2/a": read tcp 10.0.0.1:40480->10.0.0.2:40312: reset by peer',
        ),
      ],
    ],
    [
      "pull-secret",
      true,
      container({ waiting: { reason: "ErrImagePull" } }),
      [
        event(
          "Failed",
          "Failed to pull image: unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 403 Forbidden",
        ),
      ],
    ],
    [
      "pull-secret",
      true,
      container({ waiting: { reason: "ErrImagePull" } }),
      [event("Failed", "failed to pull: 401 Unauthorized")],
    ],
    [
      "image",
      true,
      container({ waiting: { reason: "ErrImagePull" } }),
      [event("Failed", "pull access denied, repository does not exist")],
    ],
    [
      "config",
      true,
      container({ waiting: { reason: "CreateContainerConfigError", message: 'secret "s" not found' } }),
      [],
    ],
    [
      "crash",
      true,
      container(
        { waiting: { reason: "CrashLoopBackOff" } },
        { lastState: { terminated: { exitCode: 1, reason: "Error" } } },
      ),
      [],
    ],
    [
      "crash",
      true,
      container({ terminated: { exitCode: 128, reason: "StartError", message: "exec: no such file" } }),
      [],
    ],
    ["memory", true, container({ terminated: { exitCode: 137, reason: "OOMKilled" } }), []],
    ["probe", false, container({ running: {} }), [event("Unhealthy", "Readiness probe failed: 503")]],
    ["probe", false, container({ running: {} }), [event("Unhealthy", "Startup probe failed: refused", 40)]],
    ["evicted", false, pod({ reason: "Evicted", message: "the node was low on memory" }), []],
    [
      "unschedulable",
      false,
      pod({ conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" }] }),
      [],
    ],
  ] as [string, boolean, PodObject, EventObject[]][])("is told: %s, for good: %s", (kind, final, found, events) => {
    expect(causeOf(found, events)).toMatchObject({ kind, final });
  });

  it("is nothing while a pod starts, has done its work, or is to go", () => {
    const starting = container({ running: {} });
    expect(causeOf(starting, [event("Unhealthy", "Startup probe failed: connection refused", 3)])).toBeNull();
    expect(causeOf(container({ terminated: { exitCode: 0, reason: "Completed" } }), [])).toBeNull();
    const ended = { terminated: { exitCode: 137, reason: "Error" } };
    expect(causeOf({ ...container(ended), metadata: { name: "p", deletionTimestamp: "now" } }, [])).toBeNull();
  });

  it("shows the log of the run that has failed", () => {
    const before = { lastState: { terminated: { exitCode: 3, reason: "Error" } } };
    expect(causeOf(container({ waiting: { reason: "CrashLoopBackOff" } }, before), [])?.logs).toEqual({
      container: "scoring",
      previous: true,
    });
  });
});

describe("why there is no pod at all", () => {
  it.each([
    [
      'pods "a" is forbidden: exceeded quota: small, requested: memory=1Gi, used: memory=2Gi, limited: memory=2Gi',
      "the quota small does not allow it: memory=1Gi asked for, memory=2Gi used, memory=2Gi allowed",
    ],
    [
      'pods "a" is forbidden: violates PodSecurity "restricted:latest": privileged (container "a" must not)',
      'the namespace\'s Pod Security level restricted:latest does not allow it: privileged (container "a" must not)',
    ],
    [
      'admission webhook "x" denied the request: no',
      'the cluster refuses its pods: admission webhook "x" denied the request: no',
    ],
  ])("%s", (message, text) => {
    expect(refusalOf([message])).toMatchObject({ text, final: true });
  });
});
