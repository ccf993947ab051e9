/** The only place besides `cli.ts` and `ui/` that reads the process's environment. */
export function processEnv(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
