import { afterAll, afterEach, beforeAll } from "vitest";
import { buildEntry } from "./local-app.js";
import { LocalProject } from "./local-project.js";
import { Traffic } from "./local-rollout.js";

export interface RolloutFixture {
  project(): Promise<LocalProject>;
  /** Clients of a project's app; see `Traffic`. */
  clients(
    project: LocalProject,
    ...how: ConstructorParameters<typeof Traffic> extends [number, ...infer R] ? R : never
  ): Promise<Traffic>;
}

/** Projects and clients of one test file: real processes, a real router, real requests; only the model is a fake. Ended after each test. */
export function rolloutFixture(): RolloutFixture {
  let entry: Awaited<ReturnType<typeof buildEntry>>;
  const projects: LocalProject[] = [];
  const streams: Traffic[] = [];
  beforeAll(async () => {
    entry = await buildEntry();
  });
  afterAll(() => entry.remove());
  afterEach(async () => {
    for (const stream of streams.splice(0)) await stream.stop();
    for (const project of projects.splice(0)) await project.dispose();
  });
  return {
    async project() {
      const project = await LocalProject.create(entry.path);
      projects.push(project);
      return project;
    },
    async clients(project, ...how) {
      const { port } = await project.app().state();
      const traffic = new Traffic(port.number, ...how);
      streams.push(traffic);
      return traffic;
    },
  };
}
