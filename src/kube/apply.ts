import { UserError } from "../core/errors.js";
import { type KubeApi, referenceOf } from "./client/api.js";
import { isConflict, KubeError } from "./client/errors.js";
import type { KubeObject, Reference } from "./client/resources.js";
import { LABEL } from "./manifests/index.js";

export const MANAGER = "iapp";

/** What server-side apply would do, or has done, with an object. */
export interface Change {
  object: Reference;
  what: "create" | "change" | "same" | "delete";
  /** Paths of the fields that change. */
  fields: string[];
}

/**
 * Applies an object as the field manager `iapp`. Resolves with the object as it is now.
 * @throws UserError `IAPP_KUBE_CONFLICT` when somebody else owns a field that would change: it is shown, not overwritten
 * @param force takes such fields over: only what is iapp's own to say, or where the other owner was made by iapp, too
 */
export async function apply<T extends KubeObject>(
  api: KubeApi,
  object: KubeObject,
  dryRun = false,
  force = false,
): Promise<T> {
  const ref = referenceOf(object);
  try {
    return await api.call<T>({
      method: "PATCH",
      path: api.path(ref),
      query: { fieldManager: MANAGER, force, ...(dryRun ? { dryRun: "All" } : {}) },
      type: "application/apply-patch+yaml",
      body: object,
    });
  } catch (error) {
    if (isConflict(error) && error instanceof KubeError && error.causes.length > 0) {
      throw new UserError("IAPP_KUBE_CONFLICT", `${ref.kind} ${ref.name} has fields that somebody else has set`, {
        lines: error.causes.map(({ field, message }) => `${field ?? "?"}: ${message ?? ""}`),
        remedy: "Take that change back, or let its owner give the field up; iapp does not overwrite it.",
      });
    }
    throw error;
  }
}

/** @throws UserError where one of these names is taken by something that is not the app's */
export async function refuseTaken(api: KubeApi, objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) refuseForeign(await api.find<KubeObject>(referenceOf(object)), object);
}

/** Applies objects in their order, and says how each one changed. @param force of which objects fields are taken over */
export async function applyAll(
  api: KubeApi,
  objects: readonly KubeObject[],
  { dryRun = false, force = () => false }: { dryRun?: boolean; force?: (object: KubeObject) => boolean } = {},
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const object of objects) {
    const ref = referenceOf(object);
    const before = await api.find<KubeObject>(ref);
    refuseForeign(before, object);
    const after = await apply<KubeObject>(api, object, dryRun, force(object));
    const fields = before === null ? [] : changedFields(before, after);
    const what = before === null ? "create" : fields.length > 0 ? "change" : "same";
    changes.push({ object: ref, what, fields });
  }
  return changes;
}

/** An object of that name that belongs to something else is never taken over. */
function refuseForeign(before: KubeObject | null, wanted: KubeObject): void {
  if (before === null) return;
  const owner = before.metadata.labels?.[LABEL.app];
  if (owner === wanted.metadata.labels?.[LABEL.app]) return;
  const { kind, metadata } = before;
  const whose = owner === undefined ? "was not made by iapp" : `belongs to the app ${owner}`;
  throw new UserError("IAPP_KUBE_TAKEN", `there is a ${kind} ${metadata.name} already, which ${whose}`, {
    remedy: "Choose another name for the app with --name.",
  });
}

/** Removes objects of an app, and nothing else of those names; those that are gone already are no error. */
export async function removeAll(api: KubeApi, app: string, objects: readonly Reference[]): Promise<Change[]> {
  const changes: Change[] = [];
  for (const object of objects) {
    const found = await api.find<KubeObject>(object);
    if (found?.metadata.labels?.[LABEL.app] !== app) continue;
    const uid = found.metadata.uid;
    const removed = await api.remove(object, uid === undefined ? {} : { uid });
    if (removed) changes.push({ object, what: "delete", fields: [] });
  }
  return changes;
}

const SERVERS_OWN = /^(status|metadata\.(managedFields|resourceVersion|generation|uid|creationTimestamp))(\.|$)/;

/** Paths at which two objects differ, without what the server keeps for itself. */
export function changedFields(before: unknown, after: unknown, path = ""): string[] {
  if (SERVERS_OWN.test(path)) return [];
  if (isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys]
      .sort()
      .flatMap((key) => changedFields(before[key], after[key], path === "" ? key : `${path}.${key}`));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, i) => changedFields(item, after[i], `${path}[${i}]`));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [path];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
