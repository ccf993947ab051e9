import { describe, expect, it } from "vitest";
import { LABEL } from "../../../src/kube/manifests/index.js";
import { type EndpointSliceObject, withEndpoints } from "../../../src/kube/router-feed.js";
import { EMPTY_ROUTE } from "../../../src/router/route.js";

interface Conditions {
  ready?: boolean;
  serving?: boolean;
  terminating?: boolean;
}

const READY: Conditions = { ready: true, serving: true, terminating: false };
const UNREADY: Conditions = { ready: false, serving: false, terminating: false };
/** It is to go, and still answers. */
const LEAVING: Conditions = { ready: false, serving: true, terminating: true };
const GOING: Conditions = { ready: false, serving: false, terminating: true };

function slice(version: string, pods: [address: string, Conditions][], addressType = "IPv4"): EndpointSliceObject {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `s-${version}`, labels: { [LABEL.version]: version } },
    addressType,
    endpoints: pods.map(([address, conditions]) => ({ addresses: [address], conditions })),
    ports: [{ name: "http", port: 8080 }],
  };
}

function endpointsOf(...slices: EndpointSliceObject[]): string[] {
  const versions = [{ name: "v1", color: null, weight: 1000, endpoints: [] }];
  return withEndpoints({ ...EMPTY_ROUTE, versions }, slices).versions[0]!.endpoints;
}

describe("the processes of a version", () => {
  it("are its ready pods, of all its slices, once", () => {
    const first = slice("v1", [
      ["10.0.0.2", READY],
      ["10.0.0.3", UNREADY],
      ["10.0.0.4", LEAVING],
    ]);
    const second = slice("v1", [
      ["10.0.0.1", READY],
      ["10.0.0.2", READY],
    ]);
    expect(endpointsOf(first, second, slice("v2", [["10.0.0.9", READY]]))).toEqual(["10.0.0.1:8080", "10.0.0.2:8080"]);
    expect(endpointsOf(slice("v1", [["fd00::1", READY]], "IPv6"))).toEqual(["[fd00::1]:8080"]);
  });

  it("are those that still answer, where none is ready", () => {
    const pods: [string, Conditions][] = [
      ["10.0.0.1", LEAVING],
      ["10.0.0.2", UNREADY],
      ["10.0.0.3", GOING],
    ];
    expect(endpointsOf(slice("v1", pods))).toEqual(["10.0.0.1:8080"]);
  });

  it("are all that stay, where the cluster calls none of them ready any more", () => {
    const pods: [string, Conditions][] = [
      ["10.0.0.1", UNREADY],
      ["10.0.0.2", UNREADY],
      ["10.0.0.3", GOING],
    ];
    expect(endpointsOf(slice("v1", pods))).toEqual(["10.0.0.1:8080", "10.0.0.2:8080"]);
    expect(endpointsOf(slice("v1", [["10.0.0.3", GOING]]))).toEqual([]);
  });

  it("are none where nothing is known", () => {
    expect(endpointsOf()).toEqual([]);
    expect(endpointsOf({ ...slice("v1", []), endpoints: null, ports: null })).toEqual([]);
  });
});
