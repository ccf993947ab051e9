/**
 * Splits a shell line into its commands (`;`, `&&`, `||`, `|`, `&`) and their words, quotes and comments understood, redirections
 * left out. Nothing is expanded: `$x` and `{x}` stay as they are.
 */
export function shellWords(line: string): string[][] {
  const commands: string[][] = [[]];
  let word: string | null = null;
  let redirecting = false;
  const finish = (): void => {
    if (word !== null && !redirecting) commands.at(-1)!.push(word);
    if (word !== null) redirecting = false;
    word = null;
  };
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!;
    if (character === "'" || character === '"') {
      const end = line.indexOf(character, i + 1);
      word = (word ?? "") + line.slice(i + 1, end < 0 ? line.length : end);
      i = end < 0 ? line.length : end;
    } else if (character === "\\" && i + 1 < line.length) word = (word ?? "") + line[++i]!;
    else if (/\s/.test(character)) finish();
    else if (character === "#" && word === null) break;
    else if (";|&".includes(character)) {
      // `2>&1` is a redirection, not the end of a command.
      if (character === "&" && line[i - 1] === ">") continue;
      finish();
      if (commands.at(-1)!.length > 0) commands.push([]);
    } else if (character === ">" && isRedirection(word, line, i)) {
      // `2>file`: the number belongs to the redirection.
      if (word !== null && /^[012]$/.test(word)) word = null;
      finish();
      redirecting = true;
    } else word = (word ?? "") + character;
  }
  finish();
  return commands.filter((words) => words.length > 0);
}

/** `pip install x>=1` unquoted is a redirection for the shell, but nobody means it: a version stays a version. */
function isRedirection(word: string | null, line: string, at: number): boolean {
  if (line[at - 1] === ">" && word === null) return true;
  return word === null || /^[012]$/.test(word) || !/^=?\s*\d/.test(line.slice(at + 1));
}
