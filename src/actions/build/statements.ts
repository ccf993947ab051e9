import { type Artifact, artifact } from "../../image/artifact.js";
import type { Image } from "../../image/image.js";

export const SBOM_TYPE = "application/vnd.cyclonedx+json";
export const PROVENANCE_TYPE = "application/vnd.in-toto+json";

export interface StatementFacts {
  name: string;
  /** Digest of the bundle that is served, without `sha256:`. */
  bundle: string | null;
  /** The project's commit. */
  commit: string | null;
  /** `registry/repository@sha256:...` */
  base: string;
  packages: Record<string, string>;
  /** Of this command line. */
  version: string;
}

/** Bill of materials and provenance of an image. They hold no times, so that building again gives the same documents. */
export function statements(image: Image, facts: StatementFacts): Artifact[] {
  const { manifest, manifestBytes, digest } = image;
  const subject = { mediaType: manifest.mediaType, digest, size: manifestBytes.length };
  return [
    artifact(SBOM_TYPE, sbom(image, facts), subject),
    artifact(PROVENANCE_TYPE, provenance(image, facts), subject),
  ];
}

/** CycloneDX 1.6, JSON: the packages as `pkg:pypi`, the base image as a container. */
function sbom(image: Image, { name: app, base, packages, version }: StatementFacts): object {
  const application = `iapp:${app}`;
  const components = [
    { type: "container", "bom-ref": "base", name: base.split("@")[0], version: base.split("@")[1] ?? base },
    ...Object.entries(packages).map(([name, release]) => ({
      type: "library",
      "bom-ref": `pkg:pypi/${name}@${release}`,
      name,
      version: release,
      purl: `pkg:pypi/${name}@${encodeURIComponent(release)}`,
    })),
  ];
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      tools: { components: [{ type: "application", name: "iapp", version }] },
      component: {
        type: "container",
        "bom-ref": application,
        name: app,
        version: image.digest,
        hashes: [{ alg: "SHA-256", content: image.digest.slice("sha256:".length) }],
      },
    },
    components,
    dependencies: [{ ref: application, dependsOn: components.map((one) => one["bom-ref"]) }],
  };
}

/** in-toto statement v1 with the SLSA provenance v1 predicate. */
function provenance(image: Image, { name, bundle, commit, base, version }: StatementFacts): object {
  const [baseName, baseDigest] = base.split("@");
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name, digest: { sha256: image.digest.slice("sha256:".length) } }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: "https://iapp.dev/image/v1",
        externalParameters: { name, platform: `${image.config.os}/${image.config.architecture}` },
        resolvedDependencies: [
          ...(bundle === null ? [] : [{ name: "bundle", digest: { sha256: bundle } }]),
          { name: baseName, digest: { sha256: (baseDigest ?? base).replace("sha256:", "") } },
          ...(commit === null ? [] : [{ name: "source", digest: { gitCommit: commit } }]),
        ],
      },
      runDetails: { builder: { id: "https://iapp.dev/build", version: { iapp: version } } },
    },
  };
}
