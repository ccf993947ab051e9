// Sends requests at a fixed rate over kept connections, whether answers come or not, and prints quantiles of the time from the moment at
// which each was due to its answer: node open-loop.mjs PORT RATE SECONDS
import { connect } from "node:net";

const [port, rate, seconds] = process.argv.slice(2).map(Number);
const request = Buffer.from(`GET /predict HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
const idle = [];
const waiting = [];
const times = [];
let failed = 0;
let sent = 0;

function open() {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  socket.due = null;
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    const head = text.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = /content-length: *(\d+)/i.exec(text.slice(0, head));
    if (length === null || text.length < head + 4 + Number(length[1])) return;
    if (!text.startsWith("HTTP/1.1 200")) failed += 1;
    times.push(performance.now() - socket.due);
    text = "";
    socket.due = null;
    idle.push(socket);
    next();
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    if (socket.due !== null) failed += 1;
    const at = idle.indexOf(socket);
    if (at >= 0) idle.splice(at, 1);
    if (sent < rate * seconds) open();
  });
  socket.on("connect", () => {
    idle.push(socket);
    next();
  });
}

function next() {
  while (waiting.length > 0 && idle.length > 0) {
    const socket = idle.pop();
    socket.due = waiting.shift();
    socket.write(request);
  }
}

for (let i = 0; i < 64; i++) open();
await new Promise((tick) => setTimeout(tick, 200));
const began = performance.now();
const total = rate * seconds;
while (sent < total) {
  const now = performance.now();
  while (sent < total && began + (sent * 1000) / rate <= now) {
    waiting.push(began + (sent * 1000) / rate);
    sent += 1;
  }
  next();
  // Not a timer: its milliseconds would be measured with it.
  await new Promise((tick) => setImmediate(tick));
}
const deadline = performance.now() + 5000;
while (times.length + failed < total && performance.now() < deadline) await new Promise((tick) => setTimeout(tick, 5));
failed += Math.max(0, total - times.length - failed);
times.sort((a, b) => a - b);
const at = (q) => times[Math.min(times.length - 1, Math.floor(q * times.length))] ?? Number.NaN;
console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99), answered: times.length, failed }));
process.exit(0);
