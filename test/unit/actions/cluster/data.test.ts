import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { dataMounts, refuseMixed } from "../../../../src/actions/cluster/data.js";

describe("what is said of a job's data", () => {
  it("is claims, folders of them, and paths of the project", () => {
    expect(dataMounts(["pvc:lake=data", "pvc:lake:/a/b/=in/raw/"])).toEqual([
      { claim: "lake", subPath: null, path: "data" },
      { claim: "lake", subPath: "a/b", path: "in/raw" },
    ]);
  });

  it("is buckets, prefixes of them, and the Secret that opens them", () => {
    const texts = ["s3://lake=all", "s3://lake.one/=b", "s3://lake/year=2024/d.csv=in/raw/", "s3://lake/a b/=c"];
    expect(dataMounts([...texts, "pvc:lake=d"], "keys")).toEqual([
      { bucket: "lake", prefix: "", secret: "keys", path: "all" },
      { bucket: "lake.one", prefix: "", secret: "keys", path: "b" },
      { bucket: "lake", prefix: "year=2024/d.csv", secret: "keys", path: "in/raw" },
      { bucket: "lake", prefix: "a b", secret: "keys", path: "c" },
      { claim: "lake", subPath: null, path: "d" },
    ]);
  });

  it.each(["pvc:lake", "pvc:lake=", "pvc:lake=.", "pvc:lake=../up", "pvc:lake=/etc", "lake=data", "pvc:Lake=data"])(
    "is refused where it is not clear: %s",
    (text) => {
      expect(() => dataMounts([text])).toThrow("does not say what is put where");
    },
  );

  it.each([
    ...["s3://lake", "s3://lake=", "s3://lake=.", "s3://lake=../up", "s3://lake/x=/etc", "s3://lake/x=a:b"],
    ...["s3://=data", "s3://la=data", "s3://Lake=data", "s3://la_ke=data", "s3://-lake=data", "s3://lake-=data"],
    ...["s3://la..ke=data", "s3://la.-ke=data", "s3://10.0.0.1=data", `s3://${"x".repeat(64)}=data`],
    ...["s3://lake//x=data", "s3://lake/a//b=data", "s3://lake/../x=data", "s3://lake/a\\b=data", "s3://lake/a\nb=d"],
  ])("is refused where it names no part of a bucket: %j", (text) => {
    expect(() => dataMounts([text], "keys")).toThrow("does not say what is put where");
  });

  it("is not put twice at one place, nor one inside of another, and not fetched from anywhere", () => {
    expect(() => dataMounts(["pvc:a=data", "pvc:b=data"])).toThrow("two --data are put at data");
    expect(() => dataMounts(["pvc:a=data", "pvc:b=data/b"])).toThrow("two --data");
    expect(() => dataMounts(["pvc:a=data", "s3://lake/x=data/b"], "keys")).toThrow("two --data");
    expect(dataMounts(["pvc:a=data", "pvc:b=data2"])).toHaveLength(2);
    for (const scheme of ["gs", "az", "http", "https"]) {
      expect(() => dataMounts([`${scheme}://bucket/x=data`], "keys")).toThrow(`${scheme}://bucket/x is not in the`);
    }
  });

  it("goes with a Secret where it is a bucket's, and only there", () => {
    expect(() => dataMounts(["s3://lake/x=data"])).toThrow("with which credentials --data s3://lake/x is read");
    expect(() => dataMounts(["pvc:lake=data"], "keys")).toThrow("--data-secret is for data of a bucket");
    expect(() => dataMounts([], "keys")).toThrow("--data-secret is for data of a bucket");
    for (const name of ["secret/keys", "Keys", "keys.", ""]) {
      expect(() => dataMounts(["s3://lake/x=data"], name)).toThrow("is not the name of a Secret");
    }
  });

  it("is not put where the project has files of its own", async () => {
    const mounts = dataMounts(["pvc:lake=cluster/target", "pvc:lake=nowhere/raw", "pvc:lake=data"]);
    const root = resolve(import.meta.dirname, "../../../../src/actions");
    await expect(refuseMixed(root, mounts)).rejects.toThrow("the project has other files in cluster");
    await refuseMixed(root, mounts.slice(1));
  });
});
