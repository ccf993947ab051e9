import { afterEach, describe, expect, it } from "vitest";
import { artifact } from "../../../src/image/artifact.js";
import { emptyImage } from "../../../src/image/image.js";
import { parseReference } from "../../../src/image/reference.js";
import { pushImage } from "../../../src/registry/push.js";
import { fallbackTag, listArtifacts, pushArtifact } from "../../../src/registry/referrers.js";
import { Session } from "../../../src/registry/session.js";
import { FakeRegistry } from "../../helpers/registry.js";

const open: { stop: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});

async function start() {
  const registry = await new FakeRegistry().start();
  const session = new Session(registry.host, { credential: null, backoff: 1 });
  open.push(registry, { stop: async () => session.close() });
  const image = emptyImage({ os: "linux", architecture: "amd64" });
  const reference = parseReference(`${registry.host}/team/app:v1`);
  await pushImage(session, reference, image);
  const subject = { mediaType: image.manifest.mediaType, digest: image.digest, size: image.manifestBytes.length };
  return { registry, session, image, reference, subject };
}

describe("pushArtifact", () => {
  it("keeps the list under a tag where the registry knows no referrers, each type once", async () => {
    const { registry, session, image, reference, subject } = await start();
    for (const text of ["one", "two", "two"]) {
      await pushArtifact(session, reference, artifact("application/x-a+json", { text }, subject));
    }
    await pushArtifact(session, reference, artifact("application/x-b+json", {}, subject));
    expect(registry.manifests.has(`team/app ${fallbackTag(image.digest)}`)).toBe(true);
    const found = await listArtifacts(session, reference, image.digest);
    expect(found.map(({ artifactType }) => artifactType)).toEqual(["application/x-a+json", "application/x-b+json"]);
    expect(found[0]!.digest).toBe(artifact("application/x-a+json", { text: "two" }, subject).digest);
  });

  it("finds nothing where nothing belongs to the image", async () => {
    const { session, image, reference } = await start();
    expect(await listArtifacts(session, reference, image.digest)).toEqual([]);
  });
});
