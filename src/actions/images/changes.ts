import type { ImageRecord } from "../build/records.js";

export interface ImageChange {
  /** What is different: a layer's note, or `base image`. */
  what: string;
  /** Why, as far as it is known. */
  why: string[];
  /** Bytes that have to travel again. */
  bytes: number;
}

/** Why an image is another one than the one before it. */
export function imageChanges(before: ImageRecord, after: ImageRecord): ImageChange[] {
  const changes: ImageChange[] = [];
  const had = new Set(before.layers.map(({ digest }) => digest));
  if (before.base !== after.base) {
    const bytes = sum(after.layers.filter(({ base, digest }) => base && !had.has(digest)));
    changes.push({ what: "base image", why: [`${before.base} -> ${after.base}`], bytes });
  }
  for (const layer of after.layers.filter(({ base, digest }) => !base && !had.has(digest))) {
    changes.push({ what: layer.note, why: reasons(layer.note, before, after), bytes: layer.bytes });
  }
  return changes;
}

function reasons(note: string, before: ImageRecord, after: ImageRecord): string[] {
  if (/packages$/.test(note)) return packageChanges(before.packages, after.packages);
  if (!note.startsWith("bundle")) return [];
  const label = (record: ImageRecord, name: string): string | undefined => record.labels[`dev.iapp.${name}`];
  const contract = label(before, "contract") === label(after, "contract") ? "the same contract" : "another contract";
  return [`${before.bundle?.slice(0, 12)} -> ${after.bundle?.slice(0, 12)}, ${contract}`];
}

function packageChanges(before: Record<string, string>, after: Record<string, string>): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changes = names
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name} ${before[name] ?? "(new)"} -> ${after[name] ?? "(gone)"}`);
  return changes.length > 0
    ? changes
    : ["the same versions, other files: the interpreter that compiled them, or the platform"];
}

const sum = (layers: { bytes: number }[]): number => layers.reduce((total, { bytes }) => total + bytes, 0);
