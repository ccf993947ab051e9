import { type CompletionTree, completionScript, SHELLS, type Shell } from "../actions/completion/index.js";
import { UserError } from "../core/errors.js";
import type { Command, OptionSpec } from "./command.js";
import { defineCommand } from "./command.js";
import { COMMANDS } from "./index.js";

export default defineCommand({
  summary: "shell completion for bash, zsh or fish",
  description: "Prints a script that completes commands, flags, their choices, notebooks and the names of apps.",
  arguments: [{ name: "<shell>", summary: "bash, zsh or fish" }],
  examples: [
    'eval "$(iapp completion bash)"                                  # now',
    "iapp completion bash >> ~/.bashrc",
    "iapp completion zsh > ~/.zfunc/_iapp",
    "iapp completion fish > ~/.config/fish/completions/iapp.fish",
  ],
  async run({ args }, host) {
    const shell = args[0] as Shell;
    if (!SHELLS.includes(shell)) {
      throw new UserError("IAPP_COMPLETION_SHELL", `${JSON.stringify(args[0])} is not a shell that is known here`, {
        remedy: `Choose one of: ${SHELLS.join(", ")}.`,
      });
    }
    const script = completionScript(shell, await tree());
    host.result({ schema: "iapp.completion/1", shell, script }, script);
    return 0;
  },
});

const GLOBAL: OptionSpec[] = [
  { flags: "-C, --directory <dir>", summary: "work in this folder" },
  { flags: "--json", summary: "one JSON document" },
  { flags: "-y, --yes", summary: "answer questions with their default" },
  { flags: "-q, --quiet", summary: "only warnings, errors and the result" },
  { flags: "-v, --verbose", summary: "more" },
  { flags: "-h, --help", summary: "help" },
];

async function tree(): Promise<CompletionTree[]> {
  const shown = COMMANDS.filter(({ hidden }) => hidden !== true);
  return Promise.all(
    shown.map(async ({ name, summary, load }) =>
      // Loading the file that is running would wait for itself.
      name === "completion"
        ? { name, summary, flags: flags([]), takesNotebook: false, choices: [...SHELLS], subcommands: [] }
        : branch(name, summary, (await load()).default),
    ),
  );
}

function branch(name: string, summary: string, command: Command): CompletionTree {
  const names = (command.arguments ?? []).map((argument) => argument.name.toLowerCase());
  return {
    name,
    summary,
    flags: flags(command.options ?? []),
    takesNotebook: names.some((argument) => /notebook|bundle|source/.test(argument)),
    choices: [],
    takesApp: names.some((argument) => /app|name/.test(argument)),
    subcommands: Object.entries(command.subcommands ?? {}).map(([sub, one]) => branch(sub, one.summary, one)),
  };
}

function flags(options: readonly OptionSpec[]): CompletionTree["flags"] {
  return [...options, ...GLOBAL].map(({ flags: text, summary, choices }) => ({
    names: text.split(/,\s*/).map((part) => part.split(" ")[0]!),
    summary,
    takesValue: /[<[]/.test(text),
    choices: choices ?? [],
  }));
}
