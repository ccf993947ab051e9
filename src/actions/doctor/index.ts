import type { Context } from "../../core/events.js";
import { redact } from "../../core/redact.js";
import { findProject } from "../../project/layout.js";
import { findTarget } from "../../project/targets.js";
import { apps } from "./apps.js";
import { environments } from "./environments.js";
import type { Check, Finding, Level, Patient } from "./finding.js";
import { folder } from "./folder.js";
import { installation } from "./installation.js";
import { findInterpreters } from "./interpreters.js";
import { locks } from "./locks.js";
import { network } from "./network.js";
import { node } from "./node.js";
import { project } from "./project.js";
import { python } from "./python.js";

export interface DoctorFinding {
  check: string;
  level: Level;
  text: string;
  remedy: string | null;
  /** Can `--fix` mend it? */
  fixable: boolean;
  /** What `--fix` did, or null. */
  fixed: string | null;
}

export interface DoctorResult {
  schema: "iapp.doctor/1";
  folder: string;
  /** False when something fails that has not been mended. */
  ok: boolean;
  findings: DoctorFinding[];
}

const CHECKS: Check[] = [node, installation, python, network, folder, project, environments, locks, apps];

/** Looks at this machine and project; with `fix` mends what can be mended without losing anything. */
export async function doctor(ctx: Context, options: { fix: boolean }): Promise<DoctorResult> {
  const layout = await findProject(ctx.cwd);
  let interpreters: ReturnType<typeof findInterpreters> | null = null;
  const patient: Patient = {
    ...ctx,
    layout,
    interpreters: () => {
      interpreters ??= findInterpreters(ctx);
      return interpreters;
    },
  };
  const groups = await Promise.all(CHECKS.map((check) => examined(check, patient)));
  const findings: DoctorFinding[] = [];
  for (const finding of groups.flat()) findings.push(await shown(finding, options.fix));
  const isWell = findings.every(({ level, fixed }) => level !== "fail" || fixed !== null);
  return { schema: "iapp.doctor/1", folder: layout.root, ok: isWell, findings };
}

/** Looks at a target from all sides. Nothing there can be mended from here. */
export async function doctorOfTarget(ctx: Context, name: string): Promise<DoctorResult> {
  // The cluster's client takes a moment to load: only for this.
  const [{ checkTarget }, layout] = await Promise.all([import("../target/check.js"), findProject(ctx.cwd)]);
  const { findings } = await checkTarget(ctx, await findTarget(ctx.env, name));
  const all = await Promise.all(findings.map((finding) => shown(finding, false)));
  return {
    schema: "iapp.doctor/1",
    folder: layout.root,
    ok: all.every(({ level }) => level !== "fail"),
    findings: all,
  };
}

/** A check that fails itself is a finding, not the end. */
async function examined(check: Check, patient: Patient): Promise<Finding[]> {
  try {
    return await check(patient);
  } catch (error) {
    if (patient.signal.aborted) throw error;
    const text = redact(error instanceof Error ? error.message : String(error));
    return [{ check: check.name, level: "fail", text, remedy: null }];
  }
}

async function shown({ check, level, text, remedy, fix }: Finding, mend: boolean): Promise<DoctorFinding> {
  const finding = { check, level, text: redact(text), remedy, fixable: fix !== undefined, fixed: null };
  if (!mend || fix === undefined) return finding;
  try {
    return { ...finding, fixed: await fix() };
  } catch (error) {
    return { ...finding, text: `${finding.text}; mending it failed: ${redact((error as Error).message)}` };
  }
}
