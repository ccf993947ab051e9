import { describe, expect, it } from "vitest";
import { checkPython } from "../../../src/actions/build/base.js";
import { emptyImage, type Image } from "../../../src/image/image.js";

function imageWith(env: string[]): Image {
  const image = emptyImage({ os: "linux", architecture: "amd64" });
  return { ...image, config: { ...image.config, config: { Env: env } } };
}

describe("the Python of a base image", () => {
  it("must be the one that the packages are for, where the image says it", () => {
    expect(() => checkPython(imageWith(["PATH=/bin", "PYTHON_VERSION=3.12.4"]), "python:3.12", "3.12")).not.toThrow();
    expect(() => checkPython(imageWith(["PATH=/bin"]), "base", "3.12")).not.toThrow();
    expect(() => checkPython(imageWith(["PYTHON_VERSION=3.11.9"]), "python:3.11", "3.12")).toThrow(
      "the base image python:3.11 has Python 3.11, the packages are for 3.12",
    );
  });
});
