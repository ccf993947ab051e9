import { join } from "node:path";
import { stringify } from "yaml";
import { writeFileAtomic } from "../../core/fs.js";
import type { KubeObject } from "../../kube/client/resources.js";

const text = (object: KubeObject, namespace: string): string =>
  stringify({ ...object, metadata: { ...object.metadata, namespace } }, { lineWidth: 0, aliasDuplicateObjects: false });

/** Objects as one stream of YAML documents. */
export function yamlOf(objects: readonly KubeObject[], namespace: string): string {
  return objects.map((object) => `---\n${text(object, namespace)}`).join("");
}

/** One file an object, and a kustomization that lists them. Resolves with the names of the files. */
export async function writeRendered(
  folder: string,
  objects: readonly KubeObject[],
  namespace: string,
): Promise<string[]> {
  const files = objects.map(({ kind, metadata }) => `${kind.toLowerCase()}-${metadata.name}.yaml`);
  for (const [i, object] of objects.entries()) await writeFileAtomic(join(folder, files[i]!), text(object, namespace));
  const kustomization = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources: files };
  await writeFileAtomic(join(folder, "kustomization.yaml"), stringify(kustomization));
  return [...files, "kustomization.yaml"];
}
