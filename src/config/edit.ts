import { isMap, parseDocument, stringify } from "yaml";

/** The text of an `iapp.yaml` with some top-level keys set; everything else, comments too, stays as it is. */
export function withKeys(text: string | null, keys: Readonly<Record<string, string>>): string {
  const document = parseDocument(text ?? "");
  // Nothing but comments, or nothing at all.
  if (!isMap(document.contents)) return `${text ?? ""}${text && !text.endsWith("\n") ? "\n" : ""}${stringify(keys)}`;
  for (const [key, value] of Object.entries(keys)) document.set(key, value);
  return document.toString({ lineWidth: 0 });
}
