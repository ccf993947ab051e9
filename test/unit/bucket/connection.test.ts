import { describe, expect, it } from "vitest";
import { connectionOf } from "../../../src/bucket/connection.js";

const KEYS = { AWS_ACCESS_KEY_ID: "AKIDTEST0123\n", AWS_SECRET_ACCESS_KEY: " very/secret+key " };

describe("what a Secret says of a store", () => {
  it("is read by the names of Amazon's tools, and shown to nobody", () => {
    const found = connectionOf({ ...KEYS, AWS_SESSION_TOKEN: "session-token", AWS_REGION: "eu-west-1" }, "lake");
    expect([found.keyId.reveal(), found.key.reveal()]).toEqual(["AKIDTEST0123", "very/secret+key"]);
    expect(found).toMatchObject({ region: "eu-west-1", endpoint: null, secret: "lake" });
    expect(found.token?.reveal()).toBe("session-token");
    expect(JSON.stringify(found)).not.toMatch(/AKID|very|session-token/);
  });

  it("may be a data connection of Open Data Hub", () => {
    const odh = { AWS_S3_ENDPOINT: "minio.store:9000/", AWS_DEFAULT_REGION: "", AWS_S3_BUCKET: "other" };
    expect(connectionOf({ ...KEYS, ...odh }, "lake")).toMatchObject({
      endpoint: "https://minio.store:9000",
      region: "us-east-1",
      token: null,
    });
  });

  it("names the endpoint of S3 before that of everything", () => {
    const both = { AWS_ENDPOINT_URL: "https://all.example", AWS_ENDPOINT_URL_S3: "http://s3.example" };
    expect(connectionOf({ ...KEYS, ...both }, "lake").endpoint).toBe("http://s3.example");
  });

  it.each([["AWS_ACCESS_KEY_ID"], ["AWS_SECRET_ACCESS_KEY"]])("has to hold %s", (name) => {
    expect(() => connectionOf({ ...KEYS, [name]: " \n" }, "lake")).toThrow(`the Secret lake holds no ${name}`);
  });

  it.each(["ftp://a", "https://name:word@host", "https://host/?a=b", "http://", "http://a b"])(
    "has to name an address: %s",
    (url) => {
      expect(() => connectionOf({ ...KEYS, AWS_ENDPOINT_URL: url }, "lake")).toThrow(
        "AWS_ENDPOINT_URL in the Secret lake is not the address of a store",
      );
    },
  );
});
