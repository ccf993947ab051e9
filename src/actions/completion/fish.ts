import type { CompletionTree } from "./index.js";

const quote = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;

export function fishScript(tree: CompletionTree[]): string {
  const lines = [
    "# fish completion for iapp",
    "function __iapp_apps",
    "  set -l at $PWD",
    '  while test -n "$at"',
    "    if test -d $at/.iapp/apps",
    "      for one in $at/.iapp/apps/*/; basename $one; end",
    "      return",
    "    end",
    "    set at (string replace -r '/[^/]*$' '' -- $at)",
    "  end",
    "end",
    "complete -c iapp -f",
  ];
  for (const command of tree) {
    lines.push(`complete -c iapp -n __fish_use_subcommand -a ${command.name} -d ${quote(command.summary)}`);
    const when = `-n ${quote(`__fish_seen_subcommand_from ${command.name}`)}`;
    for (const sub of command.subcommands) {
      lines.push(`complete -c iapp ${when} -a ${sub.name} -d ${quote(sub.summary)}`);
    }
    for (const choice of command.choices) lines.push(`complete -c iapp ${when} -a ${choice}`);
    if (command.takesNotebook) lines.push(`complete -c iapp ${when} -k -a "(__fish_complete_suffix .ipynb)"`);
    if (command.takesApp === true) lines.push(`complete -c iapp ${when} -a "(__iapp_apps)"`);
    const flags = [command, ...command.subcommands].flatMap(({ flags: own }) => own);
    const seen = new Set<string>();
    for (const { names, summary, takesValue, choices } of flags) {
      const long = names.find((name) => name.startsWith("--"))?.slice(2);
      const short = names.find((name) => /^-[A-Za-z]$/.test(name))?.slice(1);
      if (long === undefined || seen.has(long)) continue;
      seen.add(long);
      const value = choices.length > 0 ? ` -x -a ${quote(choices.join(" "))}` : takesValue ? " -r -F" : "";
      lines.push(
        `complete -c iapp ${when}${short === undefined ? "" : ` -s ${short}`} -l ${long}${value} -d ${quote(summary)}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
