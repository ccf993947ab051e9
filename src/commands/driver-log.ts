import { IappError } from "../core/errors.js";
import type { IappEvent } from "../core/events.js";
import type { Host } from "../core/host.js";

/**
 * Runs a command in a pod of its own: events become JSON lines of its log, an error its last one. What another pod may go on with ends with
 * the code that its Job tries again at.
 */
export async function runLogged(host: Host, work: (ctx: Host) => Promise<number>): Promise<number> {
  const [{ lineOf }, { TRY_AGAIN }] = await Promise.all([
    import("../actions/job/lines.js"),
    import("../actions/cluster/detach.js"),
  ]);
  let written: Promise<void> = Promise.resolve();
  const emit = (event: IappEvent): void => {
    written = written.then(() => host.write(lineOf(event, host.now(), "driver")));
  };
  try {
    return await work({ ...host, emit });
  } catch (error) {
    const known = error instanceof IappError ? error : null;
    emit({ code: known?.code ?? "IAPP_BUG", level: "error", text: (error as Error).message });
    const again = host.signal.aborted || known === null || (known as { retryable?: boolean }).retryable === true;
    return again ? TRY_AGAIN : known.exitCode;
  } finally {
    await written;
  }
}
