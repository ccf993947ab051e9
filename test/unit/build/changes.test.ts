import { describe, expect, it } from "vitest";
import { dockerfile } from "../../../src/actions/build/dockerfile.js";
import type { ImageRecord } from "../../../src/actions/build/records.js";
import { imageChanges } from "../../../src/actions/images/changes.js";
import { lockedVersions } from "../../../src/project/environment/lock-text.js";

const layer = (digest: string, note: string, base = false) => ({ digest, diff_id: digest, bytes: 10, note, base });

function record(changes: Partial<ImageRecord>): ImageRecord {
  return {
    schema: "iapp.image/1",
    digest: "sha256:1",
    kind: "scoring",
    name: "a",
    bundle: "b1",
    base: "r/base@sha256:0",
    platform: "linux/amd64",
    built: 0,
    bytes: 0,
    layers: [
      layer("base", "base", true),
      layer("p1", "2 Python packages"),
      layer("r", "iapp's runtime"),
      layer("m1", "bundle b1"),
    ],
    labels: { "dev.iapp.contract": "c" },
    packages: { pandas: "2.2.3", numpy: "1.26.4" },
    delivered: [],
    ...changes,
  };
}

describe("imageChanges", () => {
  it("says which layer changed and why", () => {
    const after = record({
      bundle: "b2",
      packages: { pandas: "2.3.0", numpy: "1.26.4", scipy: "1.11.4" },
      layers: [
        layer("base", "base", true),
        layer("p2", "3 Python packages"),
        layer("r", "iapp's runtime"),
        layer("m2", "bundle b2"),
      ],
    });
    expect(imageChanges(record({}), after)).toEqual([
      { what: "3 Python packages", why: ["pandas 2.2.3 -> 2.3.0", "scipy (new) -> 1.11.4"], bytes: 10 },
      { what: "bundle b2", why: ["b1 -> b2, the same contract"], bytes: 10 },
    ]);
  });

  it("sees another base, and nothing where nothing changed", () => {
    const after = record({
      base: "r/base@sha256:9",
      layers: [layer("base9", "base", true), ...record({}).layers.slice(1)],
    });
    expect(imageChanges(record({}), after)).toEqual([
      { what: "base image", why: ["r/base@sha256:0 -> r/base@sha256:9"], bytes: 10 },
    ]);
    expect(imageChanges(record({}), record({}))).toEqual([]);
  });
});

describe("lockedVersions", () => {
  it("reads names and versions with extras, hashes and addresses", () => {
    const lock = [
      "Uvicorn[standard]==0.30.1 \\\n    --hash=sha256:aa",
      "scikit_learn==1.5.0 ; python_version >= '3.9'",
      "mine @ https://files.example/mine-1.0-py3-none-any.whl",
      "# a comment",
    ].join("\n");
    expect(lockedVersions(lock)).toEqual({
      mine: "https://files.example/mine-1.0-py3-none-any.whl",
      "scikit-learn": "1.5.0",
      uvicorn: "0.30.1",
    });
  });
});

describe("dockerfile", () => {
  it("quotes values and asks for hashes where the lock has them", () => {
    const changes = { env: { A: 'x "y" $z' }, entrypoint: ["python3", "-m", "m"], user: "65532:65532" };
    const text = dockerfile("base@sha256:1", "a==1 --hash=sha256:aa\n", changes);
    expect(text).toContain('ENV A="x \\"y\\" \\$z"\n');
    expect(text).toContain("--require-hashes");
    expect(text).toContain('ENTRYPOINT ["python3","-m","m"]\n');
    expect(dockerfile("base", "a==1\n", changes)).not.toContain("--require-hashes");
  });
});
