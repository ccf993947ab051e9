import type { IappEvent } from "../core/events.js";
import { truncate } from "./table.js";

/** Where an event with level `progress` is shown. `data.progress` may hold `{ done, of, label }`. */
export interface ProgressView {
  show(event: IappEvent): void;
  /** Takes the moving line away before something permanent is printed. */
  clear(): void;
  stop(): void;
}

interface Progress {
  done?: number;
  of?: number;
  label?: string;
}

export function progressText(event: IappEvent): string {
  const progress = event.data?.progress as Progress | undefined;
  if (progress?.of === undefined || progress.done === undefined) return event.text;
  const filled = Math.round((20 * progress.done) / Math.max(1, progress.of));
  return `${"█".repeat(filled)}${"░".repeat(20 - filled)} ${event.text}`;
}

/** A spinner with one line of text on a terminal. */
export async function terminalProgress(stream: NodeJS.WriteStream): Promise<ProgressView> {
  const { default: ora } = await import("ora");
  // discardStdin would swallow Ctrl-C on the way to us.
  const spinner = ora({ stream, discardStdin: false, hideCursor: true });
  return {
    show(event) {
      spinner.text = truncate(progressText(event), Math.max(20, (stream.columns ?? 80) - 4));
      if (!spinner.isSpinning) spinner.start();
    },
    clear() {
      if (spinner.isSpinning) spinner.stop();
    },
    stop() {
      spinner.stop();
    },
  };
}

/** Off a terminal: a line when the step changes, not one for every tick. */
export function lineProgress(write: (line: string) => void): ProgressView {
  let last = "";
  return {
    show(event) {
      const key = `${event.code} ${(event.data?.progress as Progress | undefined)?.label ?? event.text}`;
      if (key === last) return;
      last = key;
      write(event.text);
    },
    clear() {},
    stop() {},
  };
}
