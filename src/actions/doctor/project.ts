import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { CONFIG_FILE, diagnosticLines, loadConfig } from "../../config/index.js";
import { exists } from "../../core/fs.js";
import { findNotebooks } from "../init/find.js";
import { type Check, type Finding, fail, ok, warn } from "./finding.js";

/** Is iapp.yaml right, is there a notebook, and is anything left of an init that was cut off? */
export const project: Check = async (patient) => {
  const { root } = patient.layout;
  const { config, diagnostics } = await loadConfig(join(root, CONFIG_FILE));
  const findings: Finding[] = diagnostics.map((diagnostic) => {
    const [head] = diagnosticLines(diagnostic);
    return diagnostic.severity === "error"
      ? fail("config", head!, `Correct ${CONFIG_FILE}.`)
      : warn("config", head!, null);
  });
  if (findings.length === 0 && (await exists(join(root, CONFIG_FILE))))
    findings.push(ok("config", `${CONFIG_FILE} is right`));
  findings.push(await judgeNotebook(root, config?.notebook));
  findings.push(...(await leftovers(root, patient.now())));
  return findings;
};

async function judgeNotebook(root: string, named: string | undefined): Promise<Finding> {
  if (named !== undefined) {
    if (await exists(join(root, named))) return ok("notebook", named);
    return fail(
      "notebook",
      `${CONFIG_FILE} names ${named}, which is not there`,
      `Correct notebook: in ${CONFIG_FILE}.`,
    );
  }
  const notebooks = await findNotebooks(root);
  if (notebooks.length === 0) return warn("notebook", `no notebook in ${root}`, "Start with: iapp init");
  const more = notebooks.length > 3 ? ` and ${notebooks.length - 3} more` : "";
  return ok("notebook", `${notebooks.slice(0, 3).join(", ")}${more}`);
}

const ABANDONED_MS = 10 * 60_000;

async function leftovers(root: string, now: number): Promise<Finding[]> {
  const names = (await readdir(root).catch(() => [])).filter((name) => /^\.iapp-(init|doctor)-\w{6}$/.test(name));
  const findings: Finding[] = [];
  for (const name of names) {
    const path = join(root, name);
    const info = await stat(path).catch(() => null);
    if (info === null || now - info.mtimeMs < ABANDONED_MS) continue;
    findings.push(
      warn("leftovers", `${name} was left by a command that was cut off`, `Remove ${name}.`, async () => {
        await rm(path, { recursive: true, force: true });
        return `removed ${name}`;
      }),
    );
  }
  return findings;
}
