import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { PATIENCE } from "../../../src/bucket/attempts.js";
import { connectionOf } from "../../../src/bucket/connection.js";
import { copyBucket, type FolderInput, type Progress } from "../../../src/bucket/folder.js";
import type { IappError } from "../../../src/core/errors.js";
import { BucketServer } from "../../helpers/bucket.js";
import { temporaryFolder } from "../../helpers/run-iapp.js";

const QUICK = { ...PATIENCE, pauseMs: 1, silenceMs: 300 };

interface Copied {
  files: Record<string, string>;
  end: Progress;
  progress: Progress[];
  said: string[];
}

async function started(objects: Record<string, string>): Promise<BucketServer> {
  const store = await BucketServer.start();
  onTestFinished(() => store.close());
  store.put(objects);
  return store;
}

async function copy(store: BucketServer, prefix: string, more: Partial<FolderInput> = {}): Promise<Copied> {
  const folder = join(await temporaryFolder(), "data");
  const [progress, said]: [Progress[], string[]] = [[], []];
  const end = await copyBucket({
    connection: connectionOf(store.env, "keys"),
    bucket: store.bucket,
    prefix,
    folder,
    signal: new AbortController().signal,
    progress: (one) => void progress.push(one),
    say: (text) => void said.push(text),
    patience: QUICK,
    ...more,
  });
  return { files: await filesIn(more.folder ?? folder), end, progress, said };
}

async function filesIn(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const texts = paths.map(async (path) => [path.slice(folder.length + 1), await readFile(path, "utf8")]);
  return Object.fromEntries((await Promise.all(texts)).sort());
}

/** What a copy that fails is told with. */
const failing = (store: BucketServer, prefix = "churn", more: Partial<FolderInput> = {}): Promise<IappError> =>
  copy(store, prefix, more).then(
    () => Promise.reject(new Error("it did not fail")),
    (error: IappError) => error,
  );

describe("a copy of a bucket", () => {
  it("has every object at its path below the prefix, over pages, whatever the keys hold", async () => {
    const odd = { "churn/a b+c%&=?#.csv": "odd", "churn/ü/名.csv": "other", "churn/(x)!'*~.csv": "marks" };
    const store = await started({ "churn/": "", "churn/empty": "", "churned/no": "no", ...odd });
    store.put(Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`churn/part/${i}.csv`, `${i}`])));
    store.page = 7;
    store.waitMs = 5;
    const { files, end, progress } = await copy(store, "churn");
    expect(Object.keys(files)).toHaveLength(29);
    expect(files).toMatchObject({ "a b+c%&=?#.csv": "odd", "ü/名.csv": "other", "(x)!'*~.csv": "marks", empty: "" });
    expect(files).toMatchObject({ "part/24.csv": "24" });
    expect(end).toMatchObject({ done: 29, of: 29, bytes: end.ofBytes });
    expect([progress[0]?.done, progress.at(-1)?.done]).toEqual([0, 29]);
    expect(store.requests.filter((line) => line === "GET /lake/" || line === "GET /lake")).toHaveLength(5);
    expect(store.most).toBeGreaterThan(1);
    expect(store.most).toBeLessThanOrEqual(4);
  });

  it("is one object under its own name, where the prefix is its key", async () => {
    const store = await started({ "churn/d.csv": "a,b", "churn/d.csv.old": "x", top: "t" });
    expect((await copy(store, "churn/d.csv")).files).toEqual({ "d.csv": "a,b" });
    expect((await copy(store, "top")).files).toEqual({ top: "t" });
  });

  it("is the whole bucket without a prefix, and replaces what an earlier try has left", async () => {
    const store = await started({ "a/b": "1", c: "2" });
    const folder = await temporaryFolder();
    await mkdir(join(folder, "c"));
    await writeFile(join(folder, "c", ".0123.part"), "half");
    expect((await copy(store, "", { folder })).files).toEqual({ "a/b": "1", c: "2" });
  });

  it("is signed with the session, too", async () => {
    const store = await started({ "churn/a": "1" });
    store.token = "a-session-token";
    expect((await copy(store, "churn")).files).toEqual({ a: "1" });
  });

  it.each([
    ["500 twice", { on: /a$/, times: 2, refuse: { status: 500, code: "InternalError" } }, "InternalError"],
    ["SlowDown in the list", { on: "list", times: 4, refuse: { status: 503, code: "SlowDown" } }, "SlowDown"],
    ["a gateway's 502", { on: /a$/, times: 1, answer: { status: 502, body: "<html>" } }, "status 502"],
    ["a cut stream", { on: /a$/, times: 2, cut: 4 }, "the connection to"],
    ["a stream that stalls", { on: /a$/, times: 1, stall: 4 }, "no byte for"],
    ["no answer", { on: /a$/, times: 1, silent: true }, "the connection to"],
    ["another size", { on: /a$/, times: 1, shorter: 3 }, "it has 3 bytes now, and had 10 in the list"],
    ["an object that comes late", { on: /a$/, times: 1, refuse: { status: 404, code: "NoSuchKey" } }, "NoSuchKey"],
  ] as const)("is whole in spite of %s", async (_name, fault, words) => {
    const store = await started({ "churn/a": "0123456789", "churn/b": "b" });
    store.faults.push({ ...fault });
    const { files, said } = await copy(store, "churn");
    expect(files).toEqual({ a: "0123456789", b: "b" });
    expect(said).toHaveLength(fault.times);
    expect(said[0]).toContain(words);
    expect(said[0]).toMatch(/; trying again$/);
  });

  it("leaves what does not pass to another pod, and no half file", async () => {
    const store = await started({ "churn/a": "0123456789" });
    store.faults.push({ on: /a$/, times: 99, cut: 4 });
    const folder = await temporaryFolder();
    const error = await failing(store, "churn", { folder });
    expect(error).toMatchObject({ exitCode: 1, retryable: true });
    expect(error.message).toMatch(/^s3:\/\/lake\/churn\/a cannot be read: the connection to http:.* fails/);
    expect(store.requests.filter((line) => line === "GET /lake/churn/a")).toHaveLength(QUICK.tries);
    expect(await filesIn(folder)).toEqual({});
  });

  it("ends at the first that fails for good", async () => {
    const store = await started(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`churn/${i}`, "x"])));
    store.faults.push({ on: /\/0$/, times: 1, refuse: { status: 403, code: "AccessDenied" } });
    expect((await failing(store)).message).toContain("s3://lake/churn/0 cannot be read: the Secret keys does not");
    expect(store.requests.length).toBeLessThan(50);
  });

  it("ends at Ctrl-C", async () => {
    const store = await started({ "churn/a": "0123456789" });
    store.faults.push({ on: /a$/, times: 99, stall: 4 });
    const controller = new AbortController();
    const patience = { ...QUICK, silenceMs: 60_000 };
    const error = await failing(store, "churn", {
      patience,
      signal: controller.signal,
      progress: () => setTimeout(() => controller.abort(), 50),
    });
    expect(error.code).toBe("IAPP_CLI_INTERRUPTED");
  });
});

describe("a bucket that cannot be copied", () => {
  const refused = { status: 403, code: "AccessDenied" };
  const region = { status: 400, code: "AuthorizationHeaderMalformed", more: "<Region>eu-west-1</Region>" };
  it.each([
    [
      "may not be listed",
      { on: "list", refuse: refused },
      /^s3:\/\/lake\/churn\/ cannot be listed: the Secret keys does not give the right to it \(AccessDenied\)$/,
      /s3:ListBucket/,
    ],
    [
      "may not be read",
      { on: /a$/, refuse: refused },
      /^s3:\/\/lake\/churn\/a cannot be read: .*\(AccessDenied\)$/,
      /the Secret keys .*s3:GetObject/,
    ],
    [
      "is elsewhere",
      { on: "list", refuse: region },
      /in another region than us-east-1 \(Auth/,
      /AWS_REGION into the Secret keys and say eu-west-1/,
    ],
    [
      "is in an archive",
      { on: /a$/, refuse: { status: 403, code: "InvalidObjectState" } },
      /it is in an archive/,
      /Restore/,
    ],
    [
      "has an old session",
      { on: "list", refuse: { status: 400, code: "ExpiredToken" } },
      /the session of the Secret keys is over/,
      /AWS_SESSION_TOKEN/,
    ],
    [
      "says something else",
      { on: "list", refuse: { status: 400, code: "Strange" } },
      /says: said by the store \(Strange\)/,
      /words/,
    ],
    [
      "is a page of the web",
      { on: "list", answer: { status: 200, body: "<html><br></html>" } },
      /does not speak S3 \(status 200\)/,
      /endpoint in the Secret keys/,
    ],
    ["is not there", { on: "list", answer: { status: 404, body: "no" } }, /does not speak S3/, /endpoint/],
  ] as const)("because it %s, is told in a sentence at once", async (_name, fault, message, remedy) => {
    const store = await started({ "churn/a": "0123456789" });
    store.faults.push({ times: 1, ...fault });
    const error = await failing(store);
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(remedy);
    expect(error).toMatchObject({ retryable: false, exitCode: 1 });
    expect(store.faults[0]?.times).toBe(0);
    expect(JSON.stringify([error.message, error.remedy, error.lines])).not.toMatch(/AKIDTEST|very\/secret/);
  });

  it("because its keys are wrong, names the Secret", async () => {
    const store = await started({ "churn/a": "1" });
    const other = (env: object) => ({ connection: connectionOf({ ...store.env, ...env }, "keys") });
    const unknown = await failing(store, "churn", other({ AWS_ACCESS_KEY_ID: "AKIDOTHER999" }));
    expect(unknown.message).toContain("the access key of the Secret keys is not known there (InvalidAccessKeyId)");
    const wrong = await failing(store, "churn", other({ AWS_SECRET_ACCESS_KEY: "another-secret" }));
    expect(wrong.message).toContain("do not belong together (SignatureDoesNotMatch)");
    expect(wrong.remedy).toContain("the Secret keys");
  });

  it("because its name or endpoint is wrong", async () => {
    const store = await started({ "churn/a": "1" });
    expect((await failing(store, "churn", { bucket: "other" })).message).toBe(
      `s3://other/churn/ cannot be listed: there is no bucket other (NoSuchBucket)`,
    );
    const at = (url: string) => ({ connection: connectionOf({ ...store.env, AWS_ENDPOINT_URL_S3: url }, "keys") });
    const none = await failing(store, "churn", at("http://127.0.0.1:1"));
    expect(none).toMatchObject({ retryable: true, message: expect.stringContaining("(ECONNREFUSED)") });
    const secure = await failing(store, "churn", at(store.endpoint.replace("http:", "https:")));
    expect(secure).toMatchObject({
      retryable: false,
      message: expect.stringContaining("cannot be spoken to like this"),
    });
    const nowhere = await failing(store, "churn", at("http://nowhere.invalid"));
    expect(nowhere.message).toMatch(/nothing is called http:\/\/nowhere.invalid here|the connection to/);
  });

  it("because there is nothing, names bucket and prefix", async () => {
    const store = await started({ "churn/": "", "churned/a": "1" });
    expect(await failing(store)).toMatchObject({
      code: "IAPP_DATA_EMPTY",
      exitCode: 2,
      message: "there is nothing in the bucket lake below churn",
    });
    store.objects.clear();
    expect((await failing(store, "")).message).toBe("the bucket lake is empty");
  });

  it("because a key is no file", async () => {
    const store = await started({ "churn/../../etc/passwd": "x", "churn/a": "1" });
    const error = await failing(store);
    expect([error.code, error.exitCode]).toEqual(["IAPP_DATA_KEY", 2]);
    expect(store.requests).toHaveLength(1);
  });

  it("because the disk does not take it, says so", async () => {
    const store = await started({ "churn/a": "1" });
    const folder = join(await temporaryFolder(), "file");
    await writeFile(folder, "");
    expect((await failing(store, "churn", { folder })).message).toContain(`${folder} cannot be written`);
  });
});
