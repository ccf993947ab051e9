import { readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { exec } from "../../core/exec.js";
import { exists } from "../../core/fs.js";
import { type Check, type Finding, fail, ok, type Patient, warn } from "./finding.js";
import { type Interpreter, isSupported } from "./interpreters.js";

const GET_PYTHON = "Install Python 3.9 to 3.13, for example with your system's packages, pyenv or uv python install.";

/** A Python to run notebooks with, and what resolves and installs their packages. */
export const python: Check = async (patient) => {
  const found = await patient.interpreters();
  const usable = found.filter(({ version }) => isSupported(version));
  const uv = await findUv(patient);
  return [judgePython(found, usable, uv !== null), judgeResolver(usable, uv)];
};

function judgePython(found: Interpreter[], usable: Interpreter[], uv: boolean): Finding {
  if (found.length === 0) return fail("python", "no Python is found on the path", GET_PYTHON);
  const list = (some: Interpreter[]): string => some.map(({ version, path }) => `${version} (${path})`).join(", ");
  if (usable.length === 0)
    return fail("python", `no Python that notebooks can run in; found: ${list(found)}`, GET_PYTHON);
  if (!uv && usable.every(({ venv }) => !venv)) {
    return fail(
      "python",
      `no Python can make virtual environments: ${list(usable)}`,
      "Install its venv package (python3-venv on Debian and Ubuntu), or uv.",
    );
  }
  const [first, ...more] = usable;
  const others = [...new Set(more.map(({ version }) => version))].filter((version) => version !== first!.version);
  return ok("python", `Python ${list([first!])}${others.length === 0 ? "" : `, also ${others.join(", ")}`}`);
}

function judgeResolver(usable: Interpreter[], uv: string | null): Finding {
  if (uv !== null) return ok("resolver", uv);
  if (usable.some(({ venv }) => venv)) return ok("resolver", "pip; uv is fetched when it is needed");
  return warn("resolver", "neither uv nor a Python with pip", "Install uv (pip install uv), or Python's venv package.");
}

/** `uv 0.9.1 (/usr/bin/uv)`: on the path or among the project's own tools. */
async function findUv(patient: Patient): Promise<string | null> {
  const tools = join(patient.layout.state, "tools");
  const own = (await readdir(tools).catch(() => [])).map((name) => join(tools, name, "bin"));
  const places = [...(patient.env.PATH ?? "").split(delimiter), join(tools, "bin"), ...own];
  for (const place of places.filter((dir) => dir !== "")) {
    const path = join(place, "uv");
    if (!(await exists(path))) continue;
    const asked = await exec(path, ["--version"], { env: patient.env, signal: patient.signal, timeout: 10_000 }).catch(
      () => null,
    );
    if (asked?.code === 0) return `${asked.stdout.trim().replace(/\s*\(.*/, "")} (${path})`;
  }
  return null;
}
