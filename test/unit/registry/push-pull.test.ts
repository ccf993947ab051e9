import { afterEach, describe, expect, it } from "vitest";
import { Sensitive } from "../../../src/core/redact.js";
import { digestOf } from "../../../src/image/digest.js";
import { assemble, emptyImage, type Image } from "../../../src/image/image.js";
import { LayerCache } from "../../../src/image/layer.js";
import { canonicalJson, MediaType } from "../../../src/image/media.js";
import { parseReference } from "../../../src/image/reference.js";
import { openBlob, pullImage } from "../../../src/registry/pull.js";
import { pushImage } from "../../../src/registry/push.js";
import { Session } from "../../../src/registry/session.js";
import { FakeRegistry, PASSWORD, type RegistryFaults, USER } from "../../helpers/registry.js";
import { temporaryFolder } from "../../helpers/run-iapp.js";

const open: { stop: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});

const PLATFORM = { os: "linux", architecture: "amd64" };

async function registryWith(faults: RegistryFaults = {}): Promise<FakeRegistry> {
  const registry = await new FakeRegistry(faults).start();
  open.push(registry);
  return registry;
}

function sessionFor(registry: FakeRegistry, login = true): Session {
  const credential = login ? { username: USER, password: new Sensitive(PASSWORD), identityToken: false } : null;
  const session = new Session(registry.host, { credential, backoff: 5 });
  open.push({ stop: async () => session.close() });
  return session;
}

async function sample(): Promise<Image> {
  const cache = new LayerCache(await temporaryFolder());
  const one = await cache.build([{ path: "a/b.txt", type: "file", content: Buffer.alloc(300_000, "x") }], "one", null);
  const two = await cache.build([{ path: "c.txt", type: "file", content: Buffer.from("two") }], "two", null);
  return assemble(emptyImage(PLATFORM), [one, two], { user: "65532", labels: { a: "b" } });
}

async function roundTrip(registry: FakeRegistry, login = true): Promise<void> {
  const image = await sample();
  const session = sessionFor(registry, login);
  const reference = parseReference(`${registry.host}/team/app:v1`);
  const pushed = await pushImage(session, reference, image);
  expect(pushed.reference).toBe(`${registry.host}/team/app@${image.digest}`);
  const back = await pullImage(session, reference, PLATFORM);
  expect(back.digest).toBe(image.digest);
  for (const [i, layer] of back.layers.entries()) {
    const parts: Buffer[] = [];
    for await (const chunk of (await layer.open()) as AsyncIterable<Buffer>) parts.push(chunk);
    expect(digestOf(Buffer.concat(parts))).toBe(image.layers[i]!.descriptor.digest);
  }
}

describe("pushImage and pullImage", () => {
  it.each<[string, RegistryFaults]>([
    ["without login", {}],
    ["with basic login", { auth: "basic" }],
    ["with bearer tokens", { auth: "bearer" }],
    ["with tokens that end before a question", { auth: "bearer", tokensEndAt: "HEAD" }],
    ["with tokens that end before an upload begins", { auth: "bearer", tokensEndAt: "POST" }],
    ["with tokens that end in an upload", { auth: "bearer", tokensEndAt: "PUT" }],
    ["with tokens that end before a download", { auth: "bearer", tokensEndAt: "GET" }],
    ["with absolute locations", { location: "absolute" }],
    ["with locations on another origin", { location: "cross-origin" }],
    ["with another origin and basic login", { location: "cross-origin", auth: "basic" }],
    ["where HEAD of a missing blob is denied", { headDenied: true }],
  ])("round trip %s", async (_name, faults) => {
    await roundTrip(await registryWith(faults));
  });

  it("never shows the login to another origin", async () => {
    const registry = await registryWith({ auth: "basic", location: "cross-origin" });
    await roundTrip(registry);
    const elsewhere = registry.seen.filter(({ host }) => host === registry.otherHost);
    expect(elsewhere.length).toBeGreaterThan(0);
    expect(elsewhere.map(({ authorization }) => authorization)).toEqual(elsewhere.map(() => undefined));
  });

  it("sends nothing twice", async () => {
    const registry = await registryWith();
    const image = await sample();
    const session = sessionFor(registry);
    const reference = parseReference(`${registry.host}/team/app:v1`);
    const first = await pushImage(session, reference, image);
    expect(registry.receivedBytes).toBe(first.sentBytes);
    const second = await pushImage(session, reference, image);
    expect(second).toMatchObject({ sentBytes: 0, steps: { exists: 3, sent: 0 } });
    expect(registry.receivedBytes).toBe(first.sentBytes);
  });

  it.each([false, true])("mounts layers across repositories (refused: %s)", async (noMount) => {
    const registry = await registryWith({ noMount });
    const session = sessionFor(registry);
    await pushImage(session, parseReference(`${registry.host}/base:1`), await sample());
    const before = registry.receivedBytes;
    const base = await pullImage(session, parseReference(`${registry.host}/base:1`), PLATFORM);
    const image = assemble(base, [], { labels: { c: "d" } });
    const { steps } = await pushImage(session, parseReference(`${registry.host}/app:1`), image);
    if (noMount) expect(registry.receivedBytes).toBeGreaterThan(before + 500);
    else expect(steps.mounted).toBe(2);
    expect(registry.manifests.has(`app ${image.digest}`)).toBe(true);
  });

  const flaky: [string, RegistryFaults["intercept"]][] = [
    [
      "cut before an upload's answer",
      ({ method, path, nth }) =>
        method === "PUT" && path.includes("/uploads/") && nth === 1 ? { cut: "after-body" } : undefined,
    ],
    [
      "cut in an upload",
      ({ method, path, nth }) => (method === "PUT" && path.includes("/uploads/") && nth <= 2 ? { cut: 10 } : undefined),
    ],
    ["cut at every first request", ({ nth }) => (nth === 1 ? { cut: "now" } : undefined)],
    ["429 with Retry-After", ({ nth }) => (nth === 1 ? { status: 429, headers: { "retry-after": "0" } } : undefined)],
    ["503 twice", ({ nth }) => (nth <= 2 ? { status: 503 } : undefined)],
    [
      "a forgotten upload",
      ({ method, path, nth }) =>
        method === "PUT" && path.includes("/uploads/") && nth === 1 ? { status: 404 } : undefined,
    ],
  ];
  it.each(flaky)("gets through: %s", async (_name, intercept) => {
    await roundTrip(await registryWith(intercept === undefined ? {} : { intercept }));
  });

  it.each<[string, RegistryFaults, RegExp]>([
    ["read-only", { readOnly: true }, /read-only/],
    ["over its quota", { quota: true }, /quota exceeded/],
    ["always down", { intercept: () => ({ status: 500 }) }, /answered 500/],
    ["never answering whole", { intercept: () => ({ cut: "now" }) }, /cannot be reached/],
    ["refusing the login", { auth: "bearer" }, /refuses the credentials/],
  ])("says why a registry that is %s refuses", async (_name, faults, words) => {
    const registry = await registryWith(faults);
    await expect(
      pushImage(sessionFor(registry, false), parseReference(`${registry.host}/app:1`), await sample()),
    ).rejects.toThrow(words);
  });

  it("leaves an immutable tag alone and says so", async () => {
    const registry = await registryWith({ immutableTags: true });
    const session = sessionFor(registry);
    const image = await sample();
    await pushImage(session, parseReference(`${registry.host}/app:1`), image);
    const other = assemble(image, [], { labels: { other: "1" } });
    await expect(pushImage(session, parseReference(`${registry.host}/app:1`), other)).rejects.toThrow(/TAG_IMMUTABLE/);
    // The image itself is there under its digest.
    expect(registry.manifests.has(`app ${other.digest}`)).toBe(true);
  });

  it("refuses content that is not what its digest says", async () => {
    const registry = await registryWith();
    const session = sessionFor(registry);
    const image = await sample();
    const reference = parseReference(`${registry.host}/app:1`);
    await pushImage(session, reference, image);
    registry.faults.wrongContent = true;
    await expect(pullImage(session, { ...reference, tag: null, digest: image.digest }, PLATFORM)).rejects.toThrow(
      /other content/,
    );
    const stream = await openBlob(session, reference, image.manifest.layers[0]!);
    await expect(stream.resume().toArray()).rejects.toThrow(/other content/);
  });

  it("chooses the platform of an index, whatever its dialect", async () => {
    for (const mediaType of [MediaType.index, MediaType.dockerList]) {
      const registry = await registryWith();
      const session = sessionFor(registry);
      const image = await sample();
      await pushImage(session, parseReference(`${registry.host}/app:amd64`), image);
      const entry = { mediaType: MediaType.manifest, digest: image.digest, size: image.manifestBytes.length };
      const arm = {
        ...entry,
        digest: digestOf("arm"),
        platform: { os: "linux", architecture: "arm64", variant: "v8" },
      };
      const bytes = Buffer.from(
        canonicalJson({ schemaVersion: 2, mediaType, manifests: [arm, { ...entry, platform: PLATFORM }] }),
      );
      registry.manifests.set("app all", { type: mediaType, bytes });
      const reference = parseReference(`${registry.host}/app:all`);
      expect((await pullImage(session, reference, PLATFORM)).digest).toBe(image.digest);
      await expect(pullImage(session, reference, { os: "linux", architecture: "s390x" })).rejects.toThrow(
        /no image for linux\/s390x/,
      );
    }
  });

  it("takes bases in Docker's dialect and with layers of other packers, and passes the layers on as they are", async () => {
    const registry = await registryWith();
    const session = sessionFor(registry);
    const image = await sample();
    await pushImage(session, parseReference(`${registry.host}/app:oci`), image);
    const types = [MediaType.dockerLayer, MediaType.layerZstd];
    const document = {
      ...image.manifest,
      mediaType: MediaType.dockerManifest,
      config: { ...image.manifest.config, mediaType: MediaType.dockerConfig },
      layers: image.manifest.layers.map((layer, i) => ({ ...layer, mediaType: types[i]! })),
    };
    const bytes = Buffer.from(canonicalJson(document));
    registry.manifests.set("app docker", { type: MediaType.dockerManifest, bytes });
    const base = await pullImage(session, parseReference(`${registry.host}/app:docker`), PLATFORM);
    const made = assemble(base, [], { labels: { c: "d" } });
    expect(made.manifest).toMatchObject({
      mediaType: MediaType.manifest,
      config: { mediaType: MediaType.config },
      layers: [{ mediaType: MediaType.layerGzip }, { mediaType: MediaType.layerZstd }],
    });
    const { steps } = await pushImage(session, parseReference(`${registry.host}/other:1`), made);
    expect(steps).toMatchObject({ mounted: 2 });
    expect((await pullImage(session, parseReference(`${registry.host}/other:1`), PLATFORM)).digest).toBe(made.digest);
  });

  it.each<[string, Buffer, RegExp]>([
    ["a manifest that does not end", Buffer.alloc(5 << 20, " "), /more than 4194304 bytes/],
    ["a web page", Buffer.from("<html>hello</html>"), /something else than a manifest/],
    ["null", Buffer.from("null"), /something else than a manifest/],
    ["a manifest without layers", Buffer.from("{}"), /something else than a manifest/],
  ])("refuses %s", async (_what, bytes, words) => {
    const registry = await registryWith();
    registry.manifests.set("app 1", { type: MediaType.manifest, bytes });
    const reference = parseReference(`${registry.host}/app:1`);
    await expect(pullImage(sessionFor(registry), reference, PLATFORM)).rejects.toThrow(words);
  });

  it("refuses a config that would fill the memory", async () => {
    const registry = await registryWith();
    const session = sessionFor(registry);
    const image = await sample();
    const reference = parseReference(`${registry.host}/app:1`);
    await pushImage(session, reference, image);
    const large = Buffer.alloc(5 << 20, " ");
    registry.blobs.get("app")!.set(digestOf(large), large);
    const config = { ...image.manifest.config, digest: digestOf(large), size: large.length };
    const bytes = Buffer.from(canonicalJson({ ...image.manifest, config }));
    registry.manifests.set("app 1", { type: MediaType.manifest, bytes });
    await expect(pullImage(session, reference, PLATFORM)).rejects.toThrow(/sent more than 4194304 bytes/);
  });

  it("names an image that is not there", async () => {
    const registry = await registryWith();
    await expect(
      pullImage(sessionFor(registry), parseReference(`${registry.host}/no/such:1`), PLATFORM),
    ).rejects.toThrow(/there is no image/);
  });
});
