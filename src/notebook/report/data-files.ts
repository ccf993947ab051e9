import type { Call, ImportNames } from "../python/calls.js";
import { constantString, type KnownStrings } from "../python/constant-strings.js";
import type { Node } from "../python/tree.js";
import { isSource } from "./catalogue.js";
import type { Facts } from "./facts.js";
import { backward, type FlowStatement } from "./flow.js";

export interface DataFile {
  /** As the notebook names it; null where the name is computed. */
  path: string | null;
  access: "read" | "write";
  kind: "file" | "url" | "pattern";
  cell: number;
  line: number;
  /** The table, text or other object is needed for the model (its cell is not dropped). */
  needed: boolean;
  /** Of what is written: the cells that it is made in, the writing one included. Null: not known, it may be any. */
  made_in: number[] | null;
}

const READERS =
  /^(joblib\.load|numpy\.load|numpy\.loadtxt|numpy\.genfromtxt|PIL\.Image\.open|cv2\.imread|imageio\.imread|scipy\.io\.loadmat|glob\.i?glob|os\.listdir|os\.scandir|os\.walk|torch\.load|.*\.load_model|.*load_workbook|sqlite3\.connect|h5py\.File|pandas\.ExcelFile|pandas\.HDFStore|zipfile\.ZipFile|tarfile\.open|gzip\.open|.*\.flow_from_directory|.*\.image_dataset_from_directory)$/;
const WRITERS =
  /(^|\.)(to_csv|to_excel|to_parquet|to_pickle|to_json|to_feather|to_hdf|to_html|savefig|savetxt|save_model|imwrite)$|^(numpy\.(save|savez|savez_compressed))$/;

/** Files and addresses that the notebook reads and writes, in order, with names as far as they are known without running it. */
export function dataFilesOf(
  flow: readonly FlowStatement[],
  facts: Facts,
  known: KnownStrings,
  imports: ImportNames,
  needed: (statement: FlowStatement) => boolean,
): DataFile[] {
  const found: DataFile[] = [];
  for (const statement of flow) {
    const text = (node: Node | undefined): string | null => constantString(statement.tree, node, known, imports);
    for (const call of facts.calls[statement.index] ?? []) {
      const access = accessOf(call, text);
      if (access === null) continue;
      const path = withSuffix(text(pathNode(call)), call);
      // Without a known name it may be a buffer, a figure, or a frame of another library.
      if (path === null && (access === "write" || !isSource(call) || call.args.length === 0)) continue;
      if (path !== null && isInline(path, call)) continue;
      found.push({
        path,
        access,
        kind:
          path !== null && /^[a-z][a-z0-9+.-]*:\/\//i.test(path) && !path.startsWith("file:")
            ? "url"
            : path !== null && /[*?[]/.test(path) && /glob/.test(call.callee)
              ? "pattern"
              : "file",
        cell: statement.cell,
        line: statement.line + lineWithin(statement, call.node),
        needed: needed(statement),
        made_in: access === "write" ? madeIn(flow, statement, call) : null,
      });
    }
  }
  return found;
}

/** `np.save("x", a)` writes `x.npy`. */
function withSuffix(path: string | null, { callee }: Call): string | null {
  const [, kind] = /^numpy\.(save|savez)(_compressed)?$/.exec(callee) ?? [];
  if (path === null || kind === undefined || /\.np[yz]$/.test(path)) return path;
  return `${path}${kind === "save" ? ".npy" : ".npz"}`;
}

function madeIn(flow: readonly FlowStatement[], statement: FlowStatement, call: Call): number[] | null {
  // In a function it is not known what the call will be given.
  if (call.within !== null) return null;
  // What goes into a file that is opened under a name is written further down.
  if (/(^|\.)open$/.test(call.callee) && statement.node.type !== "with_statement" && statement.names.binds.size > 0)
    return null;
  const from = backward(flow, statement, statement.uses.keys(), (giver) => giver.uses.keys());
  const cells = new Set([statement.cell, ...[...from].map((index) => flow[index]!.cell)]);
  return [...cells].sort((a, b) => a - b);
}

function accessOf(call: Call, text: (node: Node | undefined) => string | null): DataFile["access"] | null {
  if (/^(open|io\.open|codecs\.open)$/.test(call.callee)) {
    const mode = text(call.args[1] ?? call.keywords.get("mode")) ?? "r";
    return /[wax+]/.test(mode) ? "write" : "read";
  }
  if (/^(joblib|skops\.io|torch)\.(dump|save)$/.test(call.callee)) return "write";
  if (/^sklearn\.|load_dataset$|^keras\.|^tensorflow\.keras\.datasets/.test(call.callee) && isSource(call)) return null;
  if (READERS.test(call.callee) || (isSource(call) && !/sql/.test(call.method))) return "read";
  return WRITERS.test(call.callee) ? "write" : null;
}

function pathNode(call: Call): Node | undefined {
  const named = ["filepath_or_buffer", "path", "io", "fname", "filename", "path_or_buf", "file", "directory"].map(
    (name) => call.keywords.get(name),
  );
  if (/\.(dump|save)$/.test(call.callee) && /^(joblib|skops|torch)/.test(call.callee))
    return call.args[1] ?? named.find((one) => one !== undefined);
  return call.args[0] ?? named.find((one) => one !== undefined);
}

/** `pd.read_json('[{"a": 1}]')` and the like give the data itself. */
function isInline(path: string, call: Call): boolean {
  return path.includes("\n") || (/read_(json|html|xml)$/.test(call.method) && /^\s*[[{<]/.test(path));
}

function lineWithin(statement: FlowStatement, node: Node): number {
  return (statement.tree.source.slice(statement.node.start, node.start).match(/\n/g) ?? []).length;
}
