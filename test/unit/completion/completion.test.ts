import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runIapp, temporaryFolder } from "../../helpers/run-iapp.js";

const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;

/** What bash would offer for a line, by calling the function that the script registers. */
async function complete(line: string, cwd: string): Promise<string[]> {
  const { stdout } = await runIapp(["completion", "bash"], { cwd });
  await writeFile(join(cwd, ".script"), stdout);
  const words = line.split(" ");
  const program = `source .script; COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _iapp; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", program, "bash", ...words], { cwd })
    .toString()
    .split("\n")
    .filter(Boolean);
}

describe.runIf(has("bash"))("iapp completion bash", () => {
  it("completes commands", async () => {
    const cwd = await temporaryFolder();
    expect(await complete("iapp in", cwd)).toEqual(["init"]);
    expect(await complete("iapp ", cwd)).toEqual(expect.arrayContaining(["init", "logs", "status", "help"]));
    expect(await complete("iapp ", cwd)).not.toContain("_supervise");
  });

  it("completes flags, subcommands, notebooks and apps", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "churn.ipynb"), "{}");
    await writeFile(join(cwd, "other.txt"), "");
    await mkdir(join(cwd, ".iapp/apps/churn-app"), { recursive: true });
    expect(await complete("iapp init --temp", cwd)).toEqual(["--template"]);
    expect(await complete("iapp bundle ", cwd)).toEqual(expect.arrayContaining(["show", "diff"]));
    expect(await complete("iapp deploy ch", cwd)).toEqual(["churn.ipynb"]);
    expect(await complete("iapp status ", cwd)).toContain("churn-app");
    expect(await complete("iapp completion z", cwd)).toEqual(["zsh"]);
    expect(await complete("iapp help st", cwd)).toEqual(["status", "stop"]);
    expect(await complete("iapp --js", cwd)).toEqual(["--json"]);
  });
});

describe.runIf(has("bash"))("iapp completion bash with values of flags", () => {
  it("does not take them for commands, and completes files for them", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "two words.ipynb"), "{}");
    expect(await complete("iapp -C elsewhere ini", cwd)).toEqual(["init"]);
    expect(await complete("iapp bundle --directory elsewhere sh", cwd)).toEqual(["show"]);
    expect(await complete("iapp init --notebook two", cwd)).toEqual(["two words.ipynb"]);
    expect(await complete("iapp deploy two", cwd)).toEqual(["two words.ipynb"]);
  });
});

describe("iapp completion", () => {
  it.runIf(has("zsh"))("prints a script that zsh accepts", async () => {
    const cwd = await temporaryFolder();
    const { stdout } = await runIapp(["completion", "zsh"], { cwd });
    await writeFile(join(cwd, "_iapp"), stdout);
    execFileSync("zsh", ["-c", "autoload -U compinit && compinit -u -D; source ./_iapp"], { cwd });
  });

  it.runIf(has("fish"))("prints a script that fish accepts", async () => {
    const cwd = await temporaryFolder();
    const { stdout } = await runIapp(["completion", "fish"], { cwd });
    await writeFile(join(cwd, "iapp.fish"), stdout);
    const offered = execFileSync("fish", ["-c", "source iapp.fish; complete -C 'iapp in'"], { cwd }).toString();
    expect(offered).toMatch(/^init/m);
  });

  it("names the shells it knows", async () => {
    const { code, stderr } = await runIapp(["completion", "tcsh"], { cwd: await temporaryFolder() });
    expect(code).toBe(2);
    expect(stderr).toMatch(/bash, zsh, fish/);
  });
});
