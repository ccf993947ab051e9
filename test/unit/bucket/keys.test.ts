import { describe, expect, it } from "vitest";
import { filesOf } from "../../../src/bucket/keys.js";

const entries = (...keys: string[]) => keys.map((key) => ({ key, size: key.endsWith("/") ? 0 : 3 }));

describe("keys of objects", () => {
  it("are paths below the prefix; markers of folders are no files", () => {
    const found = filesOf(entries("churn/", "churn/2024/", "churn/2024/a b+ü.csv", "churn/..x"), "churn/", "s3://lake");
    expect(found.map(({ path }) => path)).toEqual(["2024/a b+ü.csv", "..x"]);
  });

  it("may hold files without a byte", () => {
    expect(filesOf([{ key: "_SUCCESS", size: 0 }], "", "s3://lake")).toHaveLength(1);
  });

  it.each([
    ["../up", 'leads elsewhere with ".."'],
    ["a/../../up", 'leads elsewhere with ".."'],
    ["a/./b", 'leads elsewhere with "."'],
    ["/etc/passwd", "begins with a slash"],
    ["a//b", "a part of its path is empty"],
    ["a\\b", "backslash"],
    ["a\0b", "control character"],
    ["a\nb", "control character"],
    ["x".repeat(256), "too long"],
  ])("that would lead out of the folder are refused: %j", (path, why) => {
    const seen = () => filesOf(entries("churn/ok", `churn/${path}`), "churn/", "s3://lake/churn");
    expect(seen).toThrow(why);
    expect(seen).toThrow(`the object ${JSON.stringify(`churn/${path}`)} of s3://lake/churn cannot be a file`);
  });

  it("that are a file and a folder are refused, and a folder that has bytes", () => {
    expect(() => filesOf(entries("a/b", "a/b/c/d"), "", "s3://lake")).toThrow("is an object itself");
    expect(() => filesOf([{ key: "a/", size: 1 }], "", "s3://lake")).toThrow("a part of its path is empty");
  });
});
