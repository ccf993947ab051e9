import { UserError } from "../core/errors.js";
import { type Digest, isDigest } from "./digest.js";

/** Where an image is: registry host, repository, and a tag or digest (OCI distribution-spec, "Pulling manifests"). */
export interface Reference {
  registry: string;
  repository: string;
  tag: string | null;
  digest: Digest | null;
}

const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const HOST = /^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?$/;

/** The registry that a name without one means, and the host that serves it. */
export const DEFAULT_REGISTRY = "docker.io";

/**
 * Reads `[registry/]repository[:tag][@digest]` as container tools do: the first part is a registry when it has a dot or a port or is
 * `localhost`; on the default registry a name of one part lies under `library/`.
 * @throws UserError `IAPP_IMAGE_REFERENCE` with what is wrong.
 */
export function parseReference(text: string): Reference {
  const fail = (why: string): never => {
    throw new UserError("IAPP_IMAGE_REFERENCE", `${JSON.stringify(text)} is not an image reference: ${why}`, {
      remedy: "Write it as registry.example/team/name:tag or registry.example/team/name@sha256:...",
    });
  };
  let rest = text.trim();
  let digest: Digest | null = null;
  const at = rest.indexOf("@");
  if (at >= 0) {
    const part = rest.slice(at + 1);
    if (!isDigest(part)) fail("what follows the @ is not a sha256 digest");
    digest = part as Digest;
    rest = rest.slice(0, at);
  }
  let tag: string | null = null;
  const colon = rest.lastIndexOf(":");
  if (colon > rest.lastIndexOf("/")) {
    tag = rest.slice(colon + 1);
    if (!TAG.test(tag)) fail(`the tag ${JSON.stringify(tag)} has characters that tags cannot have`);
    rest = rest.slice(0, colon);
  }
  const parts = rest.split("/");
  let registry = DEFAULT_REGISTRY;
  const first = parts[0] ?? "";
  if (parts.length > 1 && (/[.:]/.test(first) || first === "localhost")) {
    if (!HOST.test(first)) fail(`${JSON.stringify(first)} is not a host name`);
    registry = first === "index.docker.io" ? DEFAULT_REGISTRY : first;
    parts.shift();
  } else if (parts.length === 1) parts.unshift("library");
  const repository = parts.join("/");
  for (const part of parts) {
    if (!COMPONENT.test(part)) {
      fail(`${JSON.stringify(part)} is not a repository name (lower case letters, digits, and . _ - between them)`);
    }
  }
  if (repository.length > 255) fail("the repository name is longer than 255 characters");
  return { registry, repository, tag, digest };
}

/** The canonical text. With a digest it names content for good; the tag is kept for people. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  return `${registry}/${repository}${tag === null ? "" : `:${tag}`}${digest === null ? "" : `@${digest}`}`;
}

/** `registry/repository@digest`: the form in which images are shown and deployed. */
export function pinned(reference: Reference, digest: Digest): string {
  return `${reference.registry}/${reference.repository}@${digest}`;
}

/** Host and port to speak to: the default registry is served under another name. */
export function apiHost(registry: string): string {
  return registry === DEFAULT_REGISTRY ? "registry-1.docker.io" : registry;
}

/** Loopback registries speak plain HTTP, as all container tools assume. */
export function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, "");
  return host === "localhost" || host === "[::1]" || /^127\./.test(host);
}
