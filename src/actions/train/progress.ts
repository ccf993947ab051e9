import type { RuntimeEvent } from "../../core/contract.js";
import type { Context } from "../../core/events.js";

const WORDS: Record<string, string> = {
  kernel: "starting the kernel",
  record: "cutting the scoring part out of the run",
  probe: "trying the scoring module and learning its contract",
  needs: "finding what scoring needs",
  prove: "proving: every recorded row through the scoring module",
};

/** Turns the runtime's events into progress for people: which cell of how many, since when, and its last line of output. */
export function progressOf(ctx: Context): (event: RuntimeEvent) => void {
  let cell: { number: number; position: number; of: number; began: number; first: string } | null = null;
  const show = (detail: string): void => {
    if (cell === null) return;
    const seconds = ((ctx.now() - cell.began) / 1000).toFixed(0);
    ctx.emit({
      code: "train.cell",
      level: "progress",
      text: `cell ${cell.number} (${cell.position} of ${cell.of})  ${seconds} s  ${detail}`,
      data: {
        cell: cell.number,
        progress: { done: cell.position - 1, of: cell.of, label: `cell ${cell.number}` },
      },
    });
  };
  return (event) => {
    switch (event.code) {
      case "cell.start":
        cell = {
          number: Number(event.cell),
          position: Number(event.position ?? event.cell),
          of: Number(event.of),
          began: ctx.now(),
          first: String(event.first_line ?? ""),
        };
        show(cell.first);
        break;
      case "cell.output": {
        const lines = String(event.text)
          .trimEnd()
          .split(/[\r\n]+/);
        show(lines.at(-1) || cell?.first || "");
        // Where nobody looks at one changing line, every line is of interest.
        for (const text of lines) ctx.emit({ code: "train.output", level: "debug", text, data: { cell: event.cell } });
        break;
      }
      case "cell.end": {
        const error = event.error as { ename: string; evalue: string; line: number | null } | null;
        if (error !== null) {
          ctx.emit({
            code: "train.cell_failed",
            level: "info",
            text: `cell ${event.cell} fails: ${error.ename}: ${String(error.evalue).split("\n")[0]!.slice(0, 160)} (going on)`,
            data: { cell: event.cell, error },
          });
        }
        cell = null;
        break;
      }
      case "phase.start":
        ctx.emit({
          code: "train.phase",
          level: "progress",
          text: WORDS[String(event.phase)] ?? String(event.phase),
          data: { phase: event.phase, progress: { label: String(event.phase) } },
        });
        break;
      case "phase.progress":
        ctx.emit({
          code: "train.phase",
          level: "progress",
          text: `${WORDS[String(event.phase)] ?? event.phase}${event.text ? `: ${event.text}` : ""}`,
          data: {
            phase: event.phase,
            progress: { done: Number(event.done), of: Number(event.of), label: String(event.phase) },
          },
        });
        break;
      case "kernel.died":
        ctx.emit({
          code: "train.kernel_died",
          level: "warn",
          text: `the kernel died in cell ${event.cell}: ${event.detail}`,
        });
        break;
      case "run.note":
        ctx.emit({ code: "train.note", level: "info", text: String(event.text) });
        break;
      default:
        break;
    }
  };
}
