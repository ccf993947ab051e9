import { bashScript } from "./bash.js";
import { fishScript } from "./fish.js";
import { zshScript } from "./zsh.js";

/** What can follow `iapp NAME`, taken from the command's own declaration. */
export interface CompletionTree {
  name: string;
  summary: string;
  flags: { names: string[]; summary: string; takesValue: boolean; choices: string[] }[];
  takesNotebook: boolean;
  takesApp?: boolean;
  /** Fixed values of its argument. */
  choices: string[];
  subcommands: CompletionTree[];
}

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, tree: CompletionTree[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](tree);
}
