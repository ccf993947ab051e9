import { bashScript } from "./bash.js";
import type { CompletionTree } from "./index.js";

/** zsh runs the bash script through its own emulation, and so completes the very same. Works sourced and as an autoloaded `_iapp`. */
export function zshScript(tree: CompletionTree[]): string {
  return `#compdef iapp
autoload -U +X bashcompinit && bashcompinit
${bashScript(tree).replace("complete -o filenames -F _iapp iapp", "complete -F _iapp iapp")}`;
}
