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

/** File names may hold blanks: one a line. */
const FILES = `_iapp_files() {
  local IFS=$'\\n'
  COMPREPLY+=($(compgen "$@" -- "$cur"))
}`;

/** Everything in one `case` per command: bash completes without starting iapp. */
export function bashScript(tree: CompletionTree[]): string {
  const cases = tree.flatMap((command) => [
    ...command.subcommands.map((sub) => oneCase(`${command.name}.${sub.name}`, sub)),
    oneCase(command.name, command),
  ]);
  const flags = tree.flatMap((command) => [command, ...command.subcommands]).flatMap((one) => one.flags);
  const values = flags
    .filter(({ choices }) => choices.length > 0)
    .map(
      ({ names, choices }) =>
        `    ${names.join("|")}) COMPREPLY=($(compgen -W "${words(choices)}" -- "$cur")); return;;`,
    );
  // `-n` may take a value in one command and none in another: then it is left alone.
  const bare = new Set(flags.filter(({ takesValue }) => !takesValue).flatMap(({ names }) => names));
  const withValue = flags
    .filter(({ takesValue }) => takesValue)
    .map((flag) => ({ ...flag, names: flag.names.filter((name) => !bare.has(name)) }));
  const plain = withValue.filter(({ choices }) => choices.length === 0);
  const nested = tree.filter(({ subcommands }) => subcommands.length > 0).map(({ name }) => name);
  return `# bash completion for iapp
${APPS}
${FILES}
_iapp() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" name="" sub="" i word
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
      ${pattern(withValue)}) i=$((i + 1));;
      -*) ;;
      *) if [ -z "$name" ]; then name="$word"; elif [ -z "$sub" ]; then sub="$word"; fi;;
    esac
  done
  case "$prev" in
${[...new Set(values)].join("\n")}
    ${pattern(plain)}) _iapp_files -f; return;;
  esac
  if [ -z "$name" ]; then
    case "$cur" in
      -*) COMPREPLY=($(compgen -W "${words(GLOBAL)}" -- "$cur"));;
      *) COMPREPLY=($(compgen -W "${words(tree.map(({ name }) => name))} help" -- "$cur"));;
    esac
    return
  fi
  case "$name" in ${nested.length === 0 ? "---" : nested.join("|")}) [ -n "$sub" ] && name="$name.$sub";; esac
  case "$name" in
    help) COMPREPLY=($(compgen -W "${words(tree.map(({ name }) => name))}" -- "$cur"));;
${cases.join("\n")}
  esac
}
complete -o filenames -F _iapp iapp
`;
}

/** Before a command is named. */
const GLOBAL = ["--help", "--version", "--directory", "--json", "--yes", "--quiet", "--verbose"];

/** Alternatives of a `case`; one that nothing matches when there are none. */
function pattern(flags: CompletionTree["flags"]): string {
  const names = new Set(flags.flatMap((flag) => flag.names));
  return names.size === 0 ? "---" : [...names].join("|");
}

function oneCase(name: string, one: CompletionTree): string {
  const fixed = words([...one.choices, ...one.subcommands.map((sub) => sub.name)]);
  const apps = one.takesApp === true ? " $(_iapp_apps)" : "";
  const notebooks = one.takesNotebook ? ' _iapp_files -f -X "!*.ipynb"; _iapp_files -d;' : "";
  return `    ${name}) case "$cur" in -*) COMPREPLY=($(compgen -W "${flagsOf(one)}" -- "$cur"));; *) COMPREPLY=($(compgen -W "${fixed}${apps}" -- "$cur"));${notebooks};; esac;;`.replaceAll(
    ";;;",
    ";;",
  );
}
