import type { CompletionTree } from "./index.js";

/** App names are the folders of the nearest `.iapp/apps` upward: no program is started at a key press. */
export const APPS = `_iapp_apps() {
  local at="$PWD"
  while [ -n "$at" ]; do
    if [ -d "$at/.iapp/apps" ]; then
      local one
      for one in "$at"/.iapp/apps/*/; do [ -d "$one" ] && one="\${one%/}" && printf '%s\\n' "\${one##*/}"; done
      return
    fi
    at="\${at%/*}"
  done
}`;

const words = (list: string[]): string => list.join(" ");
const flagsOf = (one: CompletionTree): string => words(one.flags.flatMap(({ names }) => names));

/** Everything in one `case` per command: bash completes without starting iapp. */
export function bashScript(tree: CompletionTree[]): string {
  const cases = tree.flatMap((command) => [
    ...command.subcommands.map((sub) => oneCase(`${command.name}.${sub.name}`, sub)),
    oneCase(command.name, command),
  ]);
  const values = tree
    .flatMap((command) => [command, ...command.subcommands])
    .flatMap(({ flags }) => flags.filter(({ choices }) => choices.length > 0))
    .map(
      ({ names, choices }) =>
        `    ${names.join("|")}) COMPREPLY=($(compgen -W "${words(choices)}" -- "$cur")); return;;`,
    );
  const files = [
    ...new Set(
      tree
        .flatMap(({ flags }) => flags)
        .filter(({ takesValue, choices }) => takesValue && choices.length === 0)
        .flatMap(({ names }) => names),
    ),
  ];
  const nested = tree.filter(({ subcommands }) => subcommands.length > 0).map(({ name }) => name);
  return `# bash completion for iapp
${APPS}
_iapp() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" name="" sub="" i word
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
      -*) ;;
      *) if [ -z "$name" ]; then name="$word"; elif [ -z "$sub" ]; then sub="$word"; fi;;
    esac
  done
  case "$prev" in
${[...new Set(values)].join("\n")}
    ${files.length === 0 ? "---" : files.join("|")}) COMPREPLY=($(compgen -f -- "$cur")); return;;
  esac
  if [ -z "$name" ]; then
    COMPREPLY=($(compgen -W "${words(tree.map(({ name }) => name))} help" -- "$cur")); return
  fi
  case "$name" in ${nested.length === 0 ? "---" : nested.join("|")}) [ -n "$sub" ] && name="$name.$sub";; esac
  case "$name" in
${cases.join("\n")}
  esac
}
complete -o filenames -F _iapp iapp
`;
}

function oneCase(name: string, one: CompletionTree): string {
  const fixed = words([...one.choices, ...one.subcommands.map((sub) => sub.name)]);
  const apps = one.takesApp === true ? " $(_iapp_apps)" : "";
  const notebooks = one.takesNotebook
    ? ' COMPREPLY+=($(compgen -f -X "!*.ipynb" -- "$cur") $(compgen -d -- "$cur"));'
    : "";
  return `    ${name}) case "$cur" in -*) COMPREPLY=($(compgen -W "${flagsOf(one)}" -- "$cur"));; *) COMPREPLY=($(compgen -W "${fixed}${apps}" -- "$cur"));${notebooks};; esac;;`.replaceAll(
    ";;;",
    ";;",
  );
}
