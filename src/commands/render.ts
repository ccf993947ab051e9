import { join, resolve } from "node:path";
import { UserError } from "../core/errors.js";
import { CLUSTER_OPTIONS, settingsInput, TARGET_OPTION, targetOf } from "./cluster-options.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "the objects of an app on a cluster as YAML, for GitOps",
  description:
    "Writes what `iapp deploy` would make, without asking any cluster: apply it with `kubectl apply --server-side --field-manager=iapp`, or keep it in a repository. With --output a folder gets one file an object and a kustomization.yaml.",
  arguments: [
    { name: "[bundle]", summary: "a bundle: its folder, or the beginning of its digest (default: the newest)" },
  ],
  options: [
    { flags: "--name <name>", summary: "name of the app (default: the bundle's)" },
    { flags: "--version <version>", summary: "number of the version", default: "v1" },
    { flags: "--image <image>", summary: "the scoring image (default: as it was last pushed)" },
    { flags: "--router-image <image>", summary: "iapp's own image (default: as it was last pushed)" },
    { flags: "-o, --output <folder>", summary: "write files there instead of one stream" },
    TARGET_OPTION,
    ...CLUSTER_OPTIONS,
  ],
  examples: [
    "iapp render --target prod | kubectl apply --server-side --field-manager=iapp -f -",
    "iapp render 3f2a91 --target prod --version v4 -o deploy/churn",
  ],
  async run(input, host) {
    const [{ renderApp }, { findBundle, readBundle }, { findProject }, { writeRendered, yamlOf }] = await Promise.all([
      import("../actions/cluster/render.js"),
      import("../actions/bundle/index.js"),
      import("../project/layout.js"),
      import("../actions/cluster/yaml.js"),
    ]);
    const target = await targetOf(host, input);
    if (target === null) {
      throw new UserError("IAPP_RENDER_LOCAL", "there is nothing to render for this machine", {
        remedy: "Name a target with --target: its registry and namespace are needed, its cluster is not asked.",
      });
    }
    const layout = await findProject(host.cwd);
    const bundle = await findBundle(host.cwd, layout, input.args[0]);
    const text = (name: string): string | null => (input.options[name] as string | undefined) ?? null;
    const objects = await renderApp(host, {
      layout,
      target,
      name: text("name") ?? (await readBundle(bundle)).index.name,
      bundle,
      version: text("version")!,
      image: text("image"),
      routerImage: text("routerImage"),
      settings: await settingsInput(input),
    });
    const folder = text("output");
    if (folder === null) {
      host.result({ schema: "iapp.render/1", namespace: target.namespace, objects }, () =>
        yamlOf(objects, target.namespace),
      );
      return 0;
    }
    const files = await writeRendered(resolve(host.cwd, folder), objects, target.namespace);
    const document = { schema: "iapp.render/1", namespace: target.namespace, folder, files };
    host.result(document, () => files.map((file) => join(folder, file)).join("\n"));
    return 0;
  },
});
