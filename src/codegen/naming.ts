import type { RecordDocument } from "../core/contract.js";
import { HELPERS, OWN_NAMES } from "./helpers.js";
import { freeName, namesIn } from "./names.js";
import { type Respell, respeller } from "./splice.js";

const REPLAY = "iapp_runtime.score.replay";

/** How our own names are spelled where the author uses the same ones. */
export class Naming {
  /** Names in the author's code. */
  readonly authors: ReadonlySet<string>;
  readonly #spelling = new Map<string, string>();
  readonly respell: Respell;

  constructor(record: RecordDocument, originals: readonly string[]) {
    const authors = new Set<string>();
    for (const text of originals) for (const name of namesIn(text)) authors.add(name);
    this.authors = authors;
    const reserved = new Set([
      ...authors,
      ...record.imports.flatMap((recorded) => recorded.binds),
      ...record.frozen.filter((value) => value.bind === "module").map((value) => value.name),
      ...record.models.map((model) => model.name),
    ]);
    for (const name of new Set([...OWN_NAMES, ...HELPERS, ...record.helpers])) {
      if (!reserved.has(name)) continue;
      const spelled = freeName(name, reserved);
      this.#spelling.set(name, spelled);
      reserved.add(spelled);
    }
    this.respell = respeller(this.#spelling);
  }

  /** Our spelling of one of our names. */
  of(name: string): string {
    return this.#spelling.get(name) ?? name;
  }

  /** A name for a variable of ours that nobody uses. */
  fresh(name: string): string {
    return freeName(name, new Set([...this.authors, ...this.#spelling.values()]));
  }

  /** The author's imports and ours; local modules of the notebook are found in the folder `modules`. */
  importLines(record: RecordDocument, used: ReadonlySet<string>, authors: readonly string[]): string[] {
    const local = record.modules.length > 0;
    const names = [...new Set([...HELPERS, ...record.helpers, "Frozen", "Model"])].filter((name) =>
      used.has(this.of(name)),
    );
    if (local) names.push("use_modules");
    const own = (module: string, chosen: string[]): string[] => {
      const clauses = chosen.map((name) => (this.of(name) === name ? name : `${name} as ${this.of(name)}`));
      return chosen.length > 0 ? [`from ${module} import ${clauses.sort().join(", ")}`] : [];
    };
    const known = (name: string): boolean => HELPERS.has(name) || ["Frozen", "Model", "use_modules"].includes(name);
    const lines = [
      ...own(REPLAY, names.filter(known)),
      ...own(
        `${REPLAY}_extra`,
        names.filter((name) => !known(name)),
      ),
    ];
    return local ? [...lines, "", `${this.of("use_modules")}("modules")`, ...authors] : [...authors, ...lines];
  }
}
