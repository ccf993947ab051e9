import type { Context } from "../../core/events.js";
import { isSupervised, livingProcesses } from "../../local/control.js";
import { isServing, newest } from "../../local/platform.js";
import { routerStatus } from "../../local/router-link.js";
import type { AppState, HistoryEntry, UnitPhase, UnitProblem } from "../../local/state.js";
import type { RouterStatus } from "../../router/server.js";
import { type App, adopt, listApps, resolveApp, urlOf } from "../apps/index.js";

/**
 * - `ready`: every version that gets requests answers; `degraded`: one of them does not
 * - `starting`, `stopping`, `stopped`
 * - `failed`: given up after a crash loop; `down`: should run, but nothing does (the machine was restarted)
 */
export type AppPhase = "ready" | "degraded" | "starting" | "stopping" | "stopped" | "failed" | "down";

export interface VersionStatus {
  name: string;
  color: string;
  weight: number;
  phase: UnitPhase | "absent";
  digest: string;
  notebook: string | null;
  created: string;
  pid: number | null;
  /** Seconds since the process started. */
  uptime: number | null;
  restarts: number;
  /** Answered by this version since the router started, by class. */
  requests: Record<string, number>;
  in_flight: number;
  problem: UnitProblem | null;
}

export interface AppStatus {
  schema: "iapp.status/1";
  name: string;
  target: "local";
  phase: AppPhase;
  url: string | null;
  port: number;
  generation: { wanted: number; applied: number };
  versions: VersionStatus[];
  router: {
    phase: UnitPhase | "absent";
    pid: number | null;
    admin: string | null;
    restarts: number;
    problem: UnitProblem | null;
  };
  supervisor: { pid: number } | null;
  logs: string;
  history: HistoryEntry[];
}

/** How one app is, or each app of the project. */
export async function status(ctx: Context, name: string | undefined): Promise<AppStatus[]> {
  const apps = name === undefined ? await listApps(ctx) : [await resolveApp(ctx, name)];
  // Says what there is to do when there is nothing.
  if (apps.length === 0) await resolveApp(ctx, undefined);
  return Promise.all(
    apps.map(async (app) => {
      adopt(ctx, app);
      const admin = app.state.observed.router?.admin ?? null;
      return statusOf(app, admin === null ? null : await routerStatus(admin), ctx.now());
    }),
  );
}

export function statusOf(app: App, router: RouterStatus | null, now: number): AppStatus {
  const { state } = app;
  const { observed } = state;
  const phase = appPhase(state);
  return {
    schema: "iapp.status/1",
    name: app.name,
    target: "local",
    phase,
    url: phase === "stopped" || phase === "down" ? null : urlOf(state),
    port: state.port.number,
    generation: { wanted: state.generation, applied: observed.generation },
    versions: state.desired.versions.map((wanted) => {
      const unit = newest(state, wanted.name);
      const record = state.versions.find((version) => version.name === wanted.name)!;
      const counts = router?.counts[wanted.name];
      const running = unit !== undefined && unit.process !== null && phase !== "down";
      return {
        name: wanted.name,
        color: record.color,
        weight: wanted.weight,
        phase: unit?.phase ?? "absent",
        digest: record.bundle.digest,
        notebook: record.notebook,
        created: record.created,
        pid: running ? (unit.program ?? unit.process!.pid) : null,
        uptime: running ? Math.max(0, Math.round((now - unit.since) / 1000)) : null,
        restarts: unit?.restarts ?? 0,
        requests: counts?.requests ?? {},
        in_flight: counts?.in_flight ?? 0,
        problem: unit !== undefined && !isServing(unit) ? unit.problem : null,
      };
    }),
    router: {
      phase: observed.router?.phase ?? "absent",
      pid: observed.router?.process?.pid ?? null,
      admin: observed.router?.admin == null ? null : `http://127.0.0.1:${observed.router.admin}`,
      restarts: observed.router?.restarts ?? 0,
      problem: isServing(observed.router ?? undefined) ? null : (observed.router?.problem ?? null),
    },
    supervisor: isSupervised(state) ? { pid: observed.supervisor!.pid } : null,
    logs: `${app.handle.dir}/logs`,
    history: state.history.slice(-10),
  };
}

/** One word for the whole. */
export function appPhase(state: AppState): AppPhase {
  const living = livingProcesses(state).length > 0;
  if (!state.desired.running) return living || isSupervised(state) ? "stopping" : "stopped";
  if (!living && !isSupervised(state)) return "down";
  const serving = state.desired.versions.filter(({ weight }) => weight > 0);
  const units = serving.map(({ name }) => newest(state, name));
  const all = [...units, state.observed.router ?? undefined];
  if (all.every(isServing)) return "ready";
  if (all.some((unit) => unit?.phase === "crash-loop")) return "failed";
  return all.some((unit) => unit?.problem != null) ? "degraded" : "starting";
}
