import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { OperationError, UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { desire, waitFor } from "../../local/control.js";
import { isServing } from "../../local/platform.js";
import { findPort, holderText, isPortFree } from "../../local/ports.js";
import { type AppState, readState, withHistory } from "../../local/state.js";
import type { ProjectLayout } from "../../project/layout.js";
import type { App } from "./index.js";

export type Port = AppState["port"];
const HOST = "127.0.0.1";

/** The value of `--port`. */
export function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new UserError("IAPP_CLI_PORT", `--port ${text} is no port`, { remedy: "Give a number from 1 to 65535." });
}

/** A port for a new app: the one that was asked for, else the first free one that no other app of the project has. */
export async function newPort(layout: ProjectLayout, asked: number | undefined): Promise<Port> {
  if (asked !== undefined) {
    if (!(await isPortFree(asked, HOST))) throw portTaken(asked);
    return { host: HOST, number: asked, pinned: true };
  }
  const found = await findPort(await spokenFor(layout));
  if (found === null) {
    throw new OperationError("IAPP_LOCAL_NO_PORT", "no free port was found", { remedy: "Name one with --port." });
  }
  return { host: HOST, number: found, pinned: false };
}

/**
 * The port on which an app that does not listen at the moment will listen. Its own when that is still free; another one, said so,
 * when somebody else has it by now and nobody insisted on it.
 */
export async function usablePort(ctx: Context, app: App, asked: number | undefined): Promise<Port> {
  const { port, observed } = (await readState(app.handle.dir)) ?? app.state;
  const wanted = asked ?? port.number;
  const pinned = asked !== undefined || port.pinned;
  const own = wanted === port.number && isServing(observed.router ?? undefined);
  if (own || (await isPortFree(wanted, HOST))) return { host: HOST, number: wanted, pinned };
  if (pinned) throw portTaken(wanted);
  const moved = await newPort(app.layout, undefined);
  ctx.emit({
    code: "local.port",
    level: "warn",
    text: `port ${wanted} is used${holderText(wanted)}; ${app.name} moves to port ${moved.number}`,
    data: { from: wanted, to: moved.number },
  });
  return moved;
}

/** Waits until the router listens and has applied what is wanted. Takes another port when somebody was faster. */
export async function routerUp(ctx: Context, app: App): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await waitFor(app.handle, (state) => {
      const { router, generation, route } = state.observed;
      // A process that is ready gets requests when the router has applied the route that names it, a moment later.
      const applied = generation >= state.generation && route.applied === route.generation;
      if (isServing(router ?? undefined) && applied) return "up";
      if (router?.serial !== state.desired.router || router.problem === null || router.proven) return undefined;
      return router.problem;
    });
    if (outcome === "up") return;
    const { port } = (await readState(app.handle.dir)) ?? app.state;
    if (outcome.code !== "port") {
      throw new OperationError("IAPP_LOCAL_ROUTER", `the router ${outcome.text}`, { lines: outcome.lines });
    }
    if (port.pinned || attempt >= 5) throw portTaken(port.number);
    const moved = await newPort(app.layout, undefined);
    await desire(app.handle, (state) => withPort(state, moved, ctx.now()));
  }
}

/** The state with another port; the router is started anew for it. */
export function withPort(state: AppState, port: Port, now: number): AppState {
  if (port.number === state.port.number) return { ...state, port };
  const text = `port ${state.port.number} -> ${port.number}`;
  const entry = { at: new Date(now).toISOString(), what: "port" as const, version: null, text };
  return { ...withHistory(state, entry), port, desired: { ...state.desired, router: state.desired.router + 1 } };
}

async function spokenFor(layout: ProjectLayout): Promise<Set<number>> {
  const names = await readdir(layout.apps).catch(() => []);
  const states = await Promise.all(names.map((name) => readState(join(layout.apps, name)).catch(() => null)));
  return new Set(states.flatMap((state) => (state === null ? [] : [state.port.number])));
}

function portTaken(port: number): OperationError {
  return new OperationError("IAPP_LOCAL_PORT_TAKEN", `port ${port} is used${holderText(port)}`, {
    remedy: "End what uses it, or choose another one with --port.",
    data: { port },
  });
}
