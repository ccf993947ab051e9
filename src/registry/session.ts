import { Readable } from "node:stream";
import { Interrupted, OperationError } from "../core/errors.js";
import { apiHost, isLoopback } from "../image/reference.js";
import { type Challenge, parseChallenges } from "./challenge.js";
import type { Credential } from "./docker-config.js";
import { readText, Transport, type WireRequest, type WireResponse } from "./transport.js";

export interface SessionOptions {
  credential: Credential | null;
  /** Speak plain HTTP to this registry although it is not loopback. */
  insecure?: boolean;
  signal?: AbortSignal;
  /** Attempts per request, at least 1. */
  attempts?: number;
  /** Milliseconds before the second attempt; doubled at each. */
  backoff?: number;
}

export interface Ask {
  method: string;
  /** Path below `/v2/`, or a whole URL from a `Location` header. */
  target: string | URL;
  headers?: Record<string, string>;
  body?: WireRequest["body"];
  /** What the token must allow: `repository:name:pull,push`. */
  scope: string;
  /** Requests that may have had an effect are not repeated by the session; the caller knows how to go on. */
  once?: boolean;
}

/** Longest wait that a registry may ask for with `Retry-After`, in milliseconds. */
const MOST_PATIENCE = 60_000;
const MOST_REDIRECTS = 5;

/**
 * Talks to one registry: adds credentials (only ever to the registry's own origin), follows redirects, repeats what may be repeated.
 * Distribution-spec 1.1; token exchange as in Docker's "Token Authentication Specification".
 */
export class Session {
  readonly origin: string;
  readonly #transport: Transport;
  readonly #tokens = new Map<string, { value: string; until: number }>();
  #challenge: Challenge | null = null;

  constructor(
    readonly registry: string,
    readonly options: SessionOptions,
  ) {
    const plain = options.insecure === true || isLoopback(registry);
    this.origin = `${plain ? "http" : "https"}://${apiHost(registry)}`;
    this.#transport = new Transport(options.signal);
  }

  close(): void {
    this.#transport.close();
  }

  /** Resolves with the answer, whatever its status, after redirects, authentication and repeats. The caller reads its stream. */
  async ask(ask: Ask): Promise<WireResponse> {
    const attempts = ask.once === true ? 1 : Math.max(1, this.options.attempts ?? 5);
    for (let attempt = 1; ; attempt++) {
      let wait = (this.options.backoff ?? 500) * 2 ** (attempt - 1);
      try {
        const response = await this.#authenticated(ask);
        if (attempt >= attempts || !(response.status === 429 || response.status >= 500)) return response;
        wait = retryAfter(response) ?? wait;
        response.stream.destroy();
      } catch (error) {
        if (attempt >= attempts || !(error instanceof OperationError) || !error.retryable) throw error;
      }
      await pause(Math.min(wait, MOST_PATIENCE), this.options.signal);
    }
  }

  async #authenticated(ask: Ask): Promise<WireResponse> {
    const first = await this.#follow(ask);
    if (first.status !== 401) return first;
    const challenges = parseChallenges(first.headers["www-authenticate"] ?? "");
    first.stream.resume();
    this.#challenge =
      challenges.find(({ scheme }) => scheme === "bearer") ??
      challenges.find(({ scheme }) => scheme === "basic") ??
      null;
    if (this.#challenge === null) return first;
    // A token that was good for an hour may have just expired: forget it and ask for a new one, once.
    this.#tokens.delete(ask.scope);
    return this.#follow(ask);
  }

  async #follow(ask: Ask): Promise<WireResponse> {
    let url = typeof ask.target === "string" ? new URL(`/v2/${ask.target}`, this.origin) : ask.target;
    for (let hops = 0; ; hops++) {
      const headers = { ...ask.headers };
      if (url.origin === this.origin) {
        const authorization = await this.#authorization(ask.scope);
        if (authorization !== null) headers.authorization = authorization;
      }
      const wire: WireRequest = {
        method: ask.method,
        url,
        headers,
        ...(ask.body === undefined ? {} : { body: ask.body }),
      };
      const response = await this.#transport.send(wire);
      const { location } = response.headers;
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
      response.stream.resume();
      if (hops >= MOST_REDIRECTS)
        throw new OperationError("IAPP_REGISTRY_REDIRECTS", `${this.registry} redirects without end`);
      const next = new URL(location, url);
      if (url.protocol === "https:" && next.protocol !== "https:") {
        throw new OperationError(
          "IAPP_REGISTRY_DOWNGRADE",
          `${url.host} redirects to a connection without encryption (${next.host})`,
        );
      }
      url = next;
    }
  }

  async #authorization(scope: string): Promise<string | null> {
    const { credential } = this.options;
    if (this.#challenge === null) return null;
    if (this.#challenge.scheme === "basic") {
      if (credential === null || credential.identityToken) return null;
      return `Basic ${Buffer.from(`${credential.username}:${credential.password.reveal()}`).toString("base64")}`;
    }
    const known = this.#tokens.get(scope);
    if (known !== undefined && known.until > Date.now()) return `Bearer ${known.value}`;
    const token = await this.#exchange(this.#challenge, scope);
    this.#tokens.set(scope, token);
    return `Bearer ${token.value}`;
  }

  async #exchange(challenge: Challenge, scope: string): Promise<{ value: string; until: number }> {
    const { realm, service } = challenge.parameters;
    if (realm === undefined)
      throw new OperationError("IAPP_REGISTRY_AUTH", `${this.registry} does not say where to get a token`);
    const url = new URL(realm, this.origin);
    if (url.protocol !== "https:" && new URL(this.origin).protocol === "https:") {
      throw new OperationError(
        "IAPP_REGISTRY_DOWNGRADE",
        `${this.registry} wants its token asked for without encryption (${url.host})`,
      );
    }
    const { credential } = this.options;
    const wire: WireRequest =
      credential?.identityToken === true
        ? refreshRequest(url, service, scope, credential)
        : tokenRequest(url, service, scope, credential);
    const response = await this.#transport.send(wire);
    const text = await readText(response, 1 << 20);
    if (response.status !== 200) {
      throw new OperationError(
        "IAPP_REGISTRY_AUTH",
        `${this.registry} refuses the credentials (${url.host} answered ${response.status})`,
        {
          remedy: `Log in to ${this.registry} and try again.`,
          retryable: response.status === 429 || response.status >= 500,
        },
      );
    }
    const answer = JSON.parse(text) as { token?: string; access_token?: string; expires_in?: number };
    const value = answer.token ?? answer.access_token;
    if (value === undefined) throw new OperationError("IAPP_REGISTRY_AUTH", `${url.host} answered without a token`);
    // The specification's default life is 60 s; a tenth is left for the way.
    return { value, until: Date.now() + (answer.expires_in ?? 60) * 900 };
  }
}

function tokenRequest(
  url: URL,
  service: string | undefined,
  scope: string,
  credential: Credential | null,
): WireRequest {
  const asked = new URL(url);
  if (service !== undefined) asked.searchParams.set("service", service);
  // One scope parameter each: "repository:a:pull repository:b:pull" asks for a mount.
  for (const part of scope.split(" ")) asked.searchParams.append("scope", part);
  const headers: Record<string, string> = {};
  if (credential !== null) {
    headers.authorization = `Basic ${Buffer.from(`${credential.username}:${credential.password.reveal()}`).toString("base64")}`;
  }
  return { method: "GET", url: asked, headers };
}

function refreshRequest(url: URL, service: string | undefined, scope: string, credential: Credential): WireRequest {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: credential.password.reveal(),
    client_id: "iapp",
    scope,
    ...(service === undefined ? {} : { service }),
  }).toString();
  return {
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: {
      size: Buffer.byteLength(form),
      open: async () => Readable.from([Buffer.from(form)]),
    },
  };
}

/** Milliseconds of `Retry-After` (RFC 9110, 10.2.3: seconds or a date). */
export function retryAfter(response: WireResponse): number | null {
  const value = response.headers["retry-after"];
  if (value === undefined) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(new Interrupted());
    };
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
