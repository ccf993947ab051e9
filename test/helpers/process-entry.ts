import { runKeeper, runRouterOf, runSupervisor } from "../../src/actions/processes/index.js";
import { driveDetached } from "../../src/actions/rollout/index.js";

// The background processes alone, as a bundle that tests start instead of the whole command line.
const abort = new AbortController();
let signals = 0;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    signals += 1;
    if (signals > 1) process.exit(130);
    abort.abort();
  });
}
const ctx = {
  cwd: process.cwd(),
  env: process.env,
  emit: () => undefined,
  signal: abort.signal,
  now: () => Date.now(),
};
const [command, first, second] = process.argv.slice(2);
const run = (): Promise<number> => {
  if (command === "_supervise") return runSupervisor(ctx, first!);
  if (command === "_router") return runRouterOf(ctx, first!, second!);
  if (command === "_rollout") return driveDetached(ctx, first!).then(() => 0);
  if (command === "_keep") return runKeeper(first!);
  return Promise.reject(new Error(`no such process: ${command}`));
};
run().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error?.stack ?? error}\n`);
    process.exit(1);
  },
);
