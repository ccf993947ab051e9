import type { DoctorFinding, DoctorResult } from "../actions/doctor/index.js";
import type { Host } from "../core/host.js";
import { type CommandInput, defineCommand } from "./command.js";

export default defineCommand({
  summary: "find what is wrong on this machine and mend it",
  description:
    "Looks at Node, Python, the package index, the project's folder and notebook, environments, locks and apps, and says for each " +
    "how it is and what to do. Exit code 1 when something fails.",
  options: [
    { flags: "--fix", summary: "mend what can be mended without losing anything" },
    { flags: "--target <name>", summary: "look at this target instead, as `iapp target check` does" },
  ],
  examples: ["iapp doctor", "iapp doctor --fix", "iapp doctor --target prod"],
  async run(input, host) {
    const result = await examine(host, input);
    host.result(result, () => text(result, host));
    return result.ok ? 0 : 1;
  },
});

async function examine(host: Host, { options }: CommandInput): Promise<DoctorResult> {
  const { doctor, doctorOfTarget } = await import("../actions/doctor/index.js");
  if (options.target === undefined) return doctor(host, { fix: options.fix === true });
  return doctorOfTarget(host, String(options.target));
}

function text({ findings, ok }: DoctorResult, host: Host): string {
  const { style } = host;
  const wide = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap((finding) => {
    const head = `${mark(finding, host)}  ${finding.check.padEnd(wide)}  ${finding.text}`;
    if (finding.fixed !== null) return [head, `${" ".repeat(wide + 8)}${style.green(`mended: ${finding.fixed}`)}`];
    return finding.remedy === null ? [head] : [head, `${" ".repeat(wide + 8)}${style.cyan("→")} ${finding.remedy}`];
  });
  const open = findings.filter(({ level, fixed }) => level !== "ok" && fixed === null);
  if (open.some(({ fixable }) => fixable)) lines.push("", "Some of it can be mended: iapp doctor --fix");
  else if (ok && open.length === 0) lines.push("", "All is well.");
  return lines.join("\n");
}

function mark({ level, fixed }: DoctorFinding, { style }: Host): string {
  if (level === "ok" || fixed !== null) return style.green("ok  ");
  return level === "warn" ? style.yellow("warn") : style.red("fail");
}
