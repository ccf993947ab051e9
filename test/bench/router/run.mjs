// The router beside nginx and HAProxy, in front of the same service, in the same run, in turns:
//   node test/bench/router/run.mjs [--rounds 5] [--seconds 3] [--rate 1000] [--only ours,nginx]
// Peak requests a second over 32 kept connections; what the processor itself spent on each, which holds also on a busy machine; and what each adds to the latency of requests that come at a fixed rate whatever the
// answers do (open loop). The proxy has one core, service and load the other. Not part of the tests: its figures are a machine's.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    rate: { type: "string", default: "1000" },
    only: { type: "string", default: "ours,nginx,haproxy" },
    profile: { type: "boolean", default: false },
  },
});
const [rounds, seconds, rate] = [Number(values.rounds), Number(values.seconds), Number(values.rate)];
const root = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "iapp-router-bench-"));
const has = (tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status === 0;
const pinned = (core, command, args) => (has("taskset") ? ["taskset", ["-c", String(core), command, ...args]] : [command, args]);
const children = [];

function start(core, command, args, options = {}) {
  const [file, words] = pinned(core, command, args);
  const child = spawn(file, words, { stdio: ["ignore", "ignore", "inherit"], ...options });
  children.push(child);
  return child;
}

async function listening(port) {
  for (let i = 0; i < 200; i++) {
    const open = await new Promise((done) => {
      const socket = connect(port, "127.0.0.1", () => done(true));
      socket.on("error", () => done(false));
      socket.on("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((tick) => setTimeout(tick, 50));
  }
  throw new Error(`nothing listens on ${port}`);
}

const UPSTREAM = 18080;
const answer = '{"predictions":["yes"],"version":"v1","id":"0123456789abcdef"}';
const PROXY = 1;
const REST = 0;

function nginx(name, server) {
  const file = join(folder, `${name}.conf`);
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/${name}.pid; error_log /dev/null crit;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000000; keepalive_timeout 60s;
client_body_temp_path ${folder}/${name}-b; proxy_temp_path ${folder}/${name}-p; fastcgi_temp_path ${folder}/${name}-f;
uwsgi_temp_path ${folder}/${name}-u; scgi_temp_path ${folder}/${name}-s;
${server} }`,
  );
  return ["nginx", ["-p", folder, "-e", "/dev/null", "-c", file]];
}

const proxies = {
  async ours(port) {
    const entry = join(folder, "router.mjs");
    const code = `process.once("SIGINT", () => process.exit(0));
      import { runRouter } from "./src/router/process.js";
      await runRouter({ unit: "bench", routeFile: process.argv[2], logFile: process.argv[3], logBytes: 1e7, processFile: process.argv[4],
        host: "127.0.0.1", port: Number(process.argv[5]), adminPort: 0, signal: new AbortController().signal });`;
    await build({
      stdin: { contents: code, resolveDir: root, loader: "ts" },
      outfile: entry,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      logLevel: "error",
    });
    const route = join(folder, "route.json");
    const versions = [{ name: "v1", weight: 1000, endpoints: [`127.0.0.1:${UPSTREAM}`] }];
    writeFileSync(route, JSON.stringify({ schema: "iapp.route/1", generation: 1, versions }));
    const flags = values.profile ? ["--cpu-prof", `--cpu-prof-dir=${root}/.bench-profile`] : [];
    const args = [...flags, entry, route, join(folder, "log"), join(folder, "process.json"), String(port)];
    return start(PROXY, process.execPath, args);
  },
  async nginx(port) {
    if (!has("nginx")) return null;
    const upstream = `upstream service { server 127.0.0.1:${UPSTREAM}; keepalive 64; keepalive_requests 1000000000; }`;
    const location = `location / { proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Request-Id $request_id; }`;
    return start(PROXY, ...nginx("proxy", `${upstream} server { listen 127.0.0.1:${port}; ${location} }`));
  },
  async haproxy(port) {
    if (!has("haproxy")) return null;
    const file = join(folder, "haproxy.cfg");
    writeFileSync(
      file,
      `global
  nbthread 1
  maxconn 1000
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 2s
  option forwardfor
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  default_backend service
backend service
  server one 127.0.0.1:${UPSTREAM}
`,
    );
    return start(PROXY, "haproxy", ["-f", file]);
  },
};

/** Requests a second over kept connections, with wrk. */
function peak(port) {
  const [file, args] = pinned(REST, "wrk", ["-t1", "-c32", `-d${seconds}s`, `http://127.0.0.1:${port}/predict`]);
  const text = execFileSync(file, args, { encoding: "utf8" });
  if (/Non-2xx|Socket errors: connect [1-9]/.test(text)) throw new Error(text);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]);
}

/** Quantiles of the latency in milliseconds, from the moment at which each request was due. */
function latency(port, perSecond) {
  const script = join(import.meta.dirname, "open-loop.mjs");
  const [file, args] = pinned(REST, process.execPath, [script, String(port), String(perSecond), String(seconds)]);
  return JSON.parse(execFileSync(file, args, { encoding: "utf8" }));
}

/** Seconds of processor time that a process and its children have used. */
function cpu(pid) {
  const own = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return (Number(own[11]) + Number(own[12])) / 100 + children.reduce((sum, one) => sum + cpu(one), 0);
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

try {
  if (!has("wrk")) throw new Error("wrk is not installed: apt-get install wrk");
  if (!has("nginx")) throw new Error("nginx is not installed: it is the service, too (apt-get install nginx)");
  start(
    REST,
    ...nginx("service", `server { listen 127.0.0.1:${UPSTREAM}; location / { default_type application/json; return 200 '${answer}'; } }`),
  );
  await listening(UPSTREAM);
  const pids = new Map();
  const targets = new Map([["direct", UPSTREAM]]);
  for (const [i, name] of values.only.split(",").entries()) {
    const port = UPSTREAM + 1 + i;
    const child = await proxies[name](port);
    if (child === null) console.log(`${name} is not installed and is left out`);
    else {
      await listening(port);
      targets.set(name, port);
      pids.set(name, child.pid);
    }
  }
  const found = new Map([...targets.keys()].map((name) => [name, { peak: [], cpu: [], p50: [], p99: [], late: [] }]));
  for (const [name, port] of targets) if (name !== "direct") peak(port);
  for (let round = 0; round < rounds; round++) {
    for (const [name, port] of targets) {
      const one = found.get(name);
      const before = pids.has(name) ? cpu(pids.get(name)) : 0;
      one.peak.push(peak(port));
      const spent = pids.has(name) ? cpu(pids.get(name)) - before : Number.NaN;
      one.cpu.push((spent * 1e6) / (one.peak.at(-1) * seconds));
      const { p50, p99, failed } = latency(port, rate);
      if (failed > 0) throw new Error(`${name}: ${failed} requests failed`);
      one.p50.push(p50);
      one.p99.push(p99);
    }
  }
  const direct = found.get("direct");
  console.log(`medians of ${rounds} rounds of ${seconds} s; latency at ${rate} requests/s, added to the service's own`);
  console.log("what      peak requests/s  processor us/request  added p50 ms  added p99 ms");
  for (const [name, one] of found) {
    const added = (key) => (name === "direct" ? median(one[key]) : median(one[key]) - median(direct[key])).toFixed(3);
    console.log(`${name.padEnd(9)} ${median(one.peak).toFixed(0).padStart(15)}  ${median(one.cpu).toFixed(1).padStart(20)}  ${added("p50").padStart(12)}  ${added("p99").padStart(12)}`);
  }
} finally {
  for (const child of children) child.kill(values.profile ? "SIGINT" : "SIGTERM");
  await Promise.all(children.map((child) => child.exitCode ?? new Promise((done) => child.once("exit", done))));
  rmSync(folder, { recursive: true, force: true });
}
