import { diffBundles, findBundle, readBundle, showBundle } from "../actions/bundle/index.js";
import { UserError } from "../core/errors.js";
import { findProject } from "../project/layout.js";
import { diffText, showText } from "./bundle-text.js";
import { defineCommand } from "./command.js";

export default defineCommand({
  summary: "show what a bundle serves, compare two",
  description:
    "A bundle is the proved result of training: the scoring module, the values and models it learned, the input contract, and where all of it came from.",
  examples: ["iapp bundle show", "iapp bundle show 3f9c2a", "iapp bundle diff 3f9c2a 81d0be"],
  subcommands: {
    show: {
      summary: "explain one bundle: what is served, from which cells, proved how",
      arguments: [{ name: "[bundle]", summary: "folder, or beginning of the digest; the newest where it is left out" }],
      options: [{ flags: "--score", summary: "print score.py instead" }],
      examples: ["iapp bundle show", "iapp bundle show 3f9c2a --json", "iapp bundle show --score"],
      run: async ({ args, options }, host) => {
        const layout = await findProject(host.cwd);
        if (options.score === true) {
          const { scorePy, index } = await readBundle(await findBundle(host.cwd, layout, args[0]));
          host.result({ schema: "iapp.bundle-score/1", digest: index.digest, score: scorePy }, scorePy);
          return 0;
        }
        const view = await showBundle(host.cwd, layout, args[0]);
        host.result(view, () => showText(view, host.style, host.columns));
        return view.damaged.length === 0 ? 0 : 1;
      },
    },
    diff: {
      summary: "compare two bundles: model, learned values, contract, versions, score.py",
      arguments: [
        { name: "<a>", summary: "folder, or beginning of the digest" },
        { name: "<b>", summary: "folder, or beginning of the digest" },
      ],
      examples: ["iapp bundle diff 3f9c2a 81d0be", "iapp bundle diff 3f9c2a 81d0be --json"],
      run: async ({ args: [a, b] }, host) => {
        if (a === undefined || b === undefined)
          throw new UserError("IAPP_CLI_ARGUMENT", "two bundles are needed", { remedy: "iapp bundle diff A B" });
        const layout = await findProject(host.cwd);
        const [from, to] = await Promise.all([a, b].map((which) => findBundle(host.cwd, layout, which)));
        const diff = diffBundles(await readBundle(from!), await readBundle(to!));
        host.result(diff, () => diffText(diff, host.style));
        return 0;
      },
    },
  },
});
