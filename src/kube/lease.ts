import { randomBytes } from "node:crypto";
import { OperationError } from "../core/errors.js";
import type { KubeApi } from "./client/api.js";
import { isConflict } from "./client/errors.js";
import type { KubeObject } from "./client/resources.js";
import { labelsOf } from "./manifests/index.js";

interface LeaseObject extends KubeObject {
  spec: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

const SECONDS = 30;
const RENEW_MS = 8000;
/** What the holder is doing, for whoever finds the lease taken. */
const COMMAND = "iapp.dev/command";

export interface Lease {
  /** @throws OperationError when somebody else has it now; asks the server */
  confirm(): Promise<void>;
  /** Aborted when somebody else has the lease: whoever holds this must not write any more. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
  /** Ends the renewing without giving it back: the object is gone. */
  forget(): void;
}

/**
 * Takes the app's lease: of several people who change an app at once one wins, and the others are told who and since when. A holder that
 * has not renewed it for half a minute, by the server's clock, is gone and is followed. With `force` one that lives is, too. Never waits.
 */
export async function acquireLease(
  api: KubeApi,
  app: string,
  who: { identity: string; command: string; force?: boolean },
): Promise<Lease> {
  const holder = `${who.identity} ${randomBytes(4).toString("hex")}`;
  const ref = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", name: app };
  const wanted = (before: LeaseObject | null): LeaseObject => {
    const now = microTime(api.now());
    return {
      apiVersion: ref.apiVersion,
      kind: ref.kind,
      metadata: {
        ...(before?.metadata ?? {}),
        name: app,
        labels: labelsOf(app, "state"),
        annotations: { [COMMAND]: who.command },
      },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: SECONDS,
        acquireTime: now,
        renewTime: now,
        leaseTransitions: (before?.spec.leaseTransitions ?? 0) + 1,
      },
    };
  };
  for (;;) {
    const before = await api.find<LeaseObject>(ref);
    if (before !== null && who.force !== true && isHeld(before, api.now())) throw taken(app, before);
    try {
      const own = before === null ? await api.create(wanted(null)) : await api.replace(wanted(before));
      return new HeldLease(api, own);
    } catch (error) {
      // Somebody was faster: look again who.
      if (!isConflict(error)) throw error;
    }
  }
}

/** Who holds the lease now, what for, and since when; null: nobody. */
export async function leaseHolder(api: KubeApi, app: string): Promise<string | null> {
  const found = await api.find<LeaseObject>({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", name: app });
  if (found === null || !isHeld(found, api.now())) return null;
  const { spec, metadata } = found;
  const who = (spec.holderIdentity ?? "").split(" ")[0];
  return `${who} (${metadata.annotations?.[COMMAND] ?? "another command"}, since ${spec.acquireTime})`;
}

/** @throws OperationError where somebody else is changing the app now */
export async function peekLease(api: KubeApi, app: string): Promise<void> {
  const found = await api.find<LeaseObject>({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", name: app });
  if (found !== null && isHeld(found, api.now())) throw taken(app, found);
}

class HeldLease implements Lease {
  readonly #api: KubeApi;
  readonly #lost = new AbortController();
  #object: LeaseObject;
  #timer: NodeJS.Timeout;
  #busy: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(api: KubeApi, object: LeaseObject) {
    // Ctrl-C must not let the lease run out while what was begun is cleaned up.
    this.#api = api.with(new AbortController().signal);
    this.#object = object;
    this.#timer = setInterval(() => this.#queue(() => this.#renew()), RENEW_MS);
    this.#timer.unref();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async confirm(): Promise<void> {
    const { name } = this.#object.metadata;
    const now = await this.#api.find<LeaseObject>({ ...this.#object, name });
    if (now?.spec.holderIdentity === this.#object.spec.holderIdentity) return;
    this.#lost.abort(new Error(`${now?.spec.holderIdentity ?? "somebody"} has the lease now`));
    throw new OperationError("IAPP_KUBE_LEASE_LOST", `${String(this.#lost.signal.reason)}`);
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    this.#queue(async () => {
      this.#ended = true;
      if (this.#lost.signal.aborted) return;
      const { spec, ...rest } = this.#object;
      // Left as it is, but held by nobody: its history of transitions stays, and so does its place in the inventory.
      const { holderIdentity: _gone, ...free } = spec;
      await this.#api.replace({ ...rest, spec: free } as LeaseObject).catch(() => undefined);
    });
    await this.#busy;
  }

  forget(): void {
    clearInterval(this.#timer);
    this.#ended = true;
  }

  #queue(work: () => Promise<void>): void {
    this.#busy = this.#busy.then(work, work);
  }

  async #renew(): Promise<void> {
    if (this.#ended) return;
    const renewed = { ...this.#object, spec: { ...this.#object.spec, renewTime: microTime(this.#api.now()) } };
    try {
      this.#object = await this.#api.replace(renewed);
    } catch (error) {
      // An unreachable server is tried again; only another holder means that it is lost.
      if (!isConflict(error)) return;
      const now = await this.#api.find<LeaseObject>({ ...renewed, name: renewed.metadata.name }).catch(() => null);
      if (now !== null && now.spec.holderIdentity === renewed.spec.holderIdentity) this.#object = now;
      else this.#lost.abort(new Error(`${now?.spec.holderIdentity ?? "somebody"} has the lease now`));
    }
  }
}

function isHeld({ spec }: LeaseObject, now: number): boolean {
  if (!spec.holderIdentity) return false;
  const renewed = Date.parse(spec.renewTime ?? "");
  return !Number.isNaN(renewed) && now - renewed < (spec.leaseDurationSeconds ?? SECONDS) * 1000;
}

function taken(app: string, { metadata, spec }: LeaseObject): OperationError {
  const who = (spec.holderIdentity ?? "").split(" ")[0];
  const command = metadata.annotations?.[COMMAND] ?? "another command";
  return new OperationError("IAPP_KUBE_LEASE", `${who} is changing ${app}: ${command}, since ${spec.acquireTime}`, {
    remedy: "Wait until that has ended. A holder that is gone loses its lease after half a minute.",
    data: { holder: who, command, since: spec.acquireTime },
    retryable: true,
  });
}

/** Leases keep microseconds (`MicroTime`). */
const microTime = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");
