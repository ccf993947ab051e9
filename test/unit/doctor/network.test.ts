import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configuredIndex } from "../../../src/actions/doctor/index-url.js";
import { judge } from "../../../src/actions/doctor/network.js";
import { temporaryFolder } from "../../helpers/run-iapp.js";
import { clinic } from "./clinic.js";

describe("the package index", () => {
  it("is asked with the credentials of its address, which are never shown", async () => {
    const asked: string[] = [];
    const { env, run, found } = await clinic((request, response) => {
      asked.push(`${request.url} ${Buffer.from((request.headers.authorization ?? "").slice(6), "base64")}`);
      response.statusCode = request.headers.authorization === undefined ? 401 : 200;
      response.end();
    });
    const open = await run();
    expect(found(open.result, "index")[0]).toMatch(/^warn http:\S+ \(from PIP_INDEX_URL\) refuses \(401\)/);
    env.PIP_INDEX_URL = env.PIP_INDEX_URL!.replace("//", "//robot:correct%40horse@");
    const { stdout, stderr, result } = await run();
    expect(found(result, "index")[0]).toMatch(/^ok http:\S+ \(from PIP_INDEX_URL\) answers/);
    expect(asked).toEqual(["/simple/pip/ ", "/simple/pip/ robot:correct@horse"]);
    expect(stdout + stderr).not.toMatch(/correct|horse|robot/);
  });

  it("may be down: what is installed keeps working", async () => {
    const { env, run, found } = await clinic();
    env.PIP_INDEX_URL = "http://127.0.0.1:9/simple";
    const { code, result } = await run();
    expect(found(result, "index")[0]).toMatch(/^warn .*cannot be reached: .*refused/);
    expect(code).toBe(0);
  });

  it("may be misconfigured", async () => {
    const { env, run, found } = await clinic();
    env.UV_DEFAULT_INDEX = "not an address";
    const { code, result } = await run();
    expect([code, found(result, "index")]).toEqual([1, ["fail the package index is no address (UV_DEFAULT_INDEX)"]]);
  });

  it("is found where uv and pip find it", async () => {
    const home = await temporaryFolder();
    expect((await configuredIndex({ HOME: home })).from).toBe("default");
    await mkdir(join(home, ".config/pip"), { recursive: true });
    await writeFile(join(home, ".config/pip/pip.conf"), "[global]\nindex-url = https://a.example/simple\n");
    expect((await configuredIndex({ HOME: home })).url).toBe("https://a.example/simple");
    expect(await configuredIndex({ HOME: home, PIP_INDEX_URL: "https://b.example" })).toEqual({
      url: "https://b.example",
      from: "PIP_INDEX_URL",
    });
    expect((await configuredIndex({ UV_DEFAULT_INDEX: "ours=https://c.example/s" })).url).toBe("https://c.example/s");
  });

  const now = Date.parse("2024-05-01T12:00:00Z");
  it.each([
    [200, "Wed, 01 May 2024 12:01:00 GMT", ["ok index", "ok clock"]],
    [200, "Wed, 01 May 2024 10:00:00 GMT", ["ok index", "warn clock"]],
    [200, null, ["ok index"]],
    [200, "nonsense", ["ok index"]],
    [404, null, ["warn index"]],
    [503, null, ["warn index"]],
  ])("is judged by what it says: %d, %s", (status, date, expected) => {
    const findings = judge("https://a.example/", "default", { status, date }, now);
    expect(findings.map(({ level, check }) => `${level} ${check}`)).toEqual(expected);
  });

  it("tells by how much a clock is wrong", () => {
    const [, clock] = judge("x", "default", { status: 200, date: "Wed, 01 May 2024 10:00:00 GMT" }, now);
    expect(clock?.text).toBe("this machine's clock is 120 minutes ahead of the package index's");
  });
});
