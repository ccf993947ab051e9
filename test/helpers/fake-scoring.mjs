// A scoring service with switches for faults: what the supervisor and the router must cope with.
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const options = new Map(process.argv.slice(2).map((word) => word.replace(/^--/, "").split("=")));
const flag = (name) => options.has(name);
const number = (name, fallback) => Number(options.get(name) ?? fallback);
const name = options.get("name");
const folder = options.get("folder");

// How often this version has been started, so that a fault may go away.
const starts = join(folder, `starts-${name}`);
appendFileSync(starts, "x");
const start = readFileSync(starts, "utf8").length;

console.error(JSON.stringify({ level: "info", message: `start ${start} of ${name}` }));
if (flag("ignore-sigterm")) process.on("SIGTERM", () => console.error("no"));
if (flag("fork")) {
  // One child in the group that ignores everything, one that leaves it.
  const code = "process.on('SIGTERM',()=>0);setInterval(()=>0,1000)";
  spawn(process.execPath, ["-e", code], { stdio: "inherit" });
  spawn(process.execPath, ["-e", code], { stdio: "ignore", detached: true }).unref();
}
if (start <= number("crash-starts", flag("crash") ? Number.POSITIVE_INFINITY : 0)) {
  console.error("Traceback (most recent call last):\nValueError: the model cannot be read");
  process.exit(3);
}
if (flag("never-ready")) setInterval(() => undefined, 1000);
else setTimeout(serve, number("slow-ready", 0));

const eaten = [];
function serve() {
  let asked = 0;
  const server = createServer((req, res) => {
    if (existsSync(join(folder, `hang-${name}`))) return;
    if (req.url === "/readyz" || req.url === "/livez") return void res.end("ok");
    if (req.url === "/die") process.exit(7);
    asked += 1;
    if (flag("chatty")) console.log(`line ${asked} of ${name}`);
    const chunks = [];
    req.on("data", (chunk) => chunks.push(chunk));
    req.on("end", () => {
      const body = `${Buffer.concat(chunks)}`;
      if (req.method === "POST" && req.url.startsWith("/predict") && /^(application\/json|text\/csv)$/.test(req.headers["content-type"] ?? "")) {
        return score(req, res, body);
      }
      setTimeout(() => res.end(JSON.stringify({ version: name, pid: process.pid, start, body })), number("delay", 0));
    });
  });
  server.keepAliveTimeout = 5000;
  if (!flag("ignore-sigterm")) {
    process.on("SIGTERM", () => {
      server.close(() => process.exit(0));
      server.closeIdleConnections();
    });
  }
  if (flag("eat")) setInterval(() => eaten.push(Buffer.alloc(32 << 20, 1)), 20);
  server.listen(number("port", 0), options.get("host") ?? "127.0.0.1", () => console.log(JSON.stringify({ code: "service.ready", port: server.address().port })));
}

/** The model: twice `x`. A row whose `x` is text is not accepted; `--max-rows` bounds a request, `--busy` refuses the first ones. */
let refused = 0;
let scored = 0;
function score(req, res, body) {
  const send = (status, document, headers = {}) => {
    res.writeHead(status, { "Content-Type": "application/json", ...headers });
    res.end(JSON.stringify(document));
  };
  // Faults that come only after the example rows were answered: `--good-first=N`, then `--fail=SHARE`, `--slow=MS`, `--die`.
  // A copy of a request is none of its own; `--copies-fail` is a fault at those alone.
  const copy = req.headers["x-iapp-mirror"] === "1";
  if (copy && flag("copies-fail")) return send(500, { error: { code: "internal", message: "fault", id: "1" } });
  scored += 1;
  if (scored > number("good-first", 0)) {
    if (flag("die")) process.exit(9);
    if (flag("leak")) eaten.push(Buffer.alloc(8 << 20, 1));
    if (flag("die-after")) setTimeout(() => process.exit(9), number("die-after", 0)).unref();
    if (flag("refuse")) return send(422, { error: { code: "invalid", message: "another schema", id: "1" }, details: [] });
    if (Math.random() < number("fail", 0)) return send(500, { error: { code: "internal", message: "fault", id: "1" } });
  }
  let rows;
  if (req.headers["content-type"] === "text/csv") {
    const [head, ...lines] = body.trim().split("\n").map((line) => line.split(","));
    rows = lines.map((cells) => Object.fromEntries(cells.map((cell, i) => [head[i], head[i] === "x" && cell !== "" && !Number.isNaN(Number(cell)) ? Number(cell) : cell])));
  } else rows = JSON.parse(body).rows;
  if (rows.length > number("max-rows", Number.POSITIVE_INFINITY)) {
    return send(413, { error: { code: "too_large", message: "send fewer rows", id: "1" }, details: [] });
  }
  // A single row is let through: an example row must not use up the fault.
  if (rows.length > 1 && refused < number("busy", 0)) {
    refused += 1;
    return send(503, { error: { code: "overloaded", message: "busy", id: "1" }, details: [] }, { "Retry-After": "0" });
  }
  const details = rows.flatMap(({ x }, row) => (typeof x === "number" ? [] : [{ row, field: "x", reason: "type" }]));
  if (details.length > 0) return send(422, { error: { code: "invalid", message: `${details.length} row does not fit the contract`, id: "1" }, details });
  // Behind the example rows also another model: `--late-factor`, `--invalid` (no prediction), `--odd` (another answer for this value of `x`).
  const late = scored > number("good-first", 0);
  const factor = late ? number("late-factor", number("factor", 2)) : number("factor", 2);
  const predictions = rows.map(({ x }) => {
    if (late && flag("invalid")) return null;
    return late && flag("odd") && x === number("odd", 0) ? -1 : x * factor;
  });
  const probabilities = req.url.includes("explain=proba") ? { probabilities: rows.map(() => ({ no: 0.25, yes: 0.75 })) } : {};
  const slow = scored > number("good-first", 0) ? number("slow", 0) : 0;
  setTimeout(() => send(200, { predictions, ...probabilities, version: name, id: "1" }), slow);
}
