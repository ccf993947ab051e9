/**
 * A name that is at once a folder, a URL path part, a Kubernetes object and an image repository: DNS-1123 label
 * (lower case letters, digits, inner hyphens, at most 63 characters). Null when nothing of the text remains.
 */
export function slug(text: string): string | null {
  const name = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63)
    .replace(/-+$/, "");
  return name === "" ? null : name;
}
