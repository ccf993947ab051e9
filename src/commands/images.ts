import { type ImageView, inspectImage, listImages, pruneImages } from "../actions/images/index.js";
import { UserError } from "../core/errors.js";
import type { Style } from "../core/host.js";
import { findProject } from "../project/layout.js";
import { table } from "../ui/table.js";
import { defineCommand } from "./command.js";

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export default defineCommand({
  summary: "list the images that were built, look into one, free space",
  examples: ["iapp images list", "iapp images inspect", "iapp images inspect 0fef029e", "iapp images prune --keep 3"],
  subcommands: {
    list: {
      summary: "images that were built in this project, newest first",
      examples: ["iapp images list", "iapp images list --json"],
      run: async (_input, host) => {
        const images = await listImages(await findProject(host.cwd));
        host.result({ schema: "iapp.images/1", images }, () =>
          images.length === 0
            ? "no image was built here yet: iapp build"
            : table(
                ["digest", "name", "kind", "size", "built", "where"],
                images.map((image) => [
                  image.digest.slice(7, 19),
                  image.name,
                  image.kind,
                  megabytes(image.bytes),
                  new Date(image.built).toISOString().slice(0, 16).replace("T", " "),
                  image.delivered.map(({ where }) => where).join(", "),
                ]),
                host.columns,
              ),
        );
        return 0;
      },
    },
    inspect: {
      summary: "layers and sizes, what is in each, why it changed since the one before",
      arguments: [{ name: "[digest]", summary: "beginning of the digest; the newest where it is left out" }],
      examples: ["iapp images inspect", "iapp images inspect 0fef029e --json"],
      run: async ({ args }, host) => {
        const view = await inspectImage(host, await findProject(host.cwd), args[0]);
        host.result(view, () => viewText(view, host.style, host.columns));
        return 0;
      },
    },
    prune: {
      summary: "forget old images and free their layers here; registries are not touched",
      options: [
        { flags: "--keep <number>", summary: "how many of each name to keep", default: "2" },
        { flags: "--cache", summary: "also remove the cached layers of all projects: they are made again when needed" },
      ],
      examples: ["iapp images prune", "iapp images prune --keep 1 --cache"],
      run: async ({ options }, host) => {
        const keep = Number(options.keep);
        if (!Number.isInteger(keep) || keep < 0)
          throw new UserError("IAPP_IMAGES_KEEP", `--keep ${String(options.keep)} is not a number of images`);
        const layout = await findProject(host.cwd);
        const result = await pruneImages(host, layout, keep, options.cache === true);
        host.result(result, `${result.forgotten.length} images forgotten, ${megabytes(result.freed_bytes)} freed`);
        return 0;
      },
    },
  },
});

function viewText({ record, layers, previous, changes }: ImageView, style: Style, columns: number): string {
  const parts = [
    `${style.bold(record.name)}  ${record.kind}  ${record.platform}  ${megabytes(record.bytes)}`,
    record.digest,
    ...record.delivered.map(({ where }) => `  ${where}`),
    "",
    table(
      ["size", "unpacked", "files", "layer"],
      layers.map(({ bytes, note, base, contents }) => [
        megabytes(bytes),
        contents === null ? "" : megabytes(contents.bytes),
        contents === null ? "" : String(contents.files),
        base ? style.dim(`base: ${note}`) : note,
      ]),
      columns,
    ),
  ];
  for (const { note, contents } of layers) {
    if (contents === null || contents.parts.length < 2) continue;
    const most = contents.parts.slice(0, 10).map(({ path, bytes }) => [megabytes(bytes), path.split("/").at(-1)!]);
    parts.push("", style.bold(note), table(["unpacked", "largest"], most, columns));
  }
  if (previous !== null) {
    parts.push("", style.bold(`changed since ${previous.slice(7, 19)}`));
    if (changes.length === 0) parts.push("  only its settings");
    for (const { what, why, bytes } of changes) {
      parts.push(`  ${what} (${megabytes(bytes)})`, ...why.map((reason) => `    ${style.dim(reason)}`));
    }
  }
  return parts.join("\n");
}
