// First build of a scoring image against buildah with the Dockerfile that `iapp build --dockerfile` writes, and rebuilds.
//   node test/bench/image/run.mjs PROJECT BASE REGISTRY      (PROJECT holds a proved bundle)
// Both start without caches and push to the same registry. Prints seconds, bytes and layers.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [project, base, registry] = process.argv.slice(2);
if (registry === undefined) {
  process.stderr.write("usage: node test/bench/image/run.mjs PROJECT BASE REGISTRY\n");
  process.exit(2);
}
const bin = resolve(import.meta.dirname, "../../../bin/iapp.js");
const work = await mkdtemp(join(tmpdir(), "iapp-bench-"));
const env = { ...process.env, XDG_CACHE_HOME: join(work, "cache") };

function timed(program, args, options = {}) {
  const start = performance.now();
  return new Promise((done, fail) => {
    execFile(program, args, { env, cwd: project, maxBuffer: 1 << 26, ...options }, (error, stdout, stderr) => {
      if (error !== null) fail(new Error(`${program} ${args.join(" ")}\n${stderr}`));
      else done({ seconds: (performance.now() - start) / 1000, stdout });
    });
  });
}
async function pushed(repository, tag) {
  const path = `http://${registry}/v2/${repository}/manifests/${tag}`;
  const accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
  const { layers } = await (await fetch(path, { headers: { accept } })).json();
  return { megabytes: layers.reduce((sum, { size }) => sum + size, 0) / 1e6, layers: layers.length };
}
const line = (what, seconds, { megabytes, layers } = {}) =>
  process.stdout.write(
    `${what.padEnd(40)} ${seconds.toFixed(1).padStart(7)} s${megabytes ? `  ${megabytes.toFixed(1)} MB in ${layers} layers` : ""}\n`,
  );

try {
  const id = `bench-${process.pid}`;
  const build = (name) => ["build", "--base", base, "--push", "--repository", `${registry}/${id}/${name}`, "--tag", "1"];
  const context = join(work, "context");
  const first = await timed(process.execPath, [bin, ...build("ours"), "--dockerfile", context]);
  line("iapp build, first", first.seconds, await pushed(`${id}/ours`, "1"));
  const again = await timed(process.execPath, [bin, ...build("ours")]);
  line("iapp build, nothing changed", again.seconds);
  const storage = ["--root", join(work, "storage"), "--runroot", join(work, "run"), "--storage-driver", "vfs"];
  // The builder's own certificates: the network here may have an authority of its own.
  const bud = ["bud", "--isolation", "chroot", "--network", "host", "--tls-verify=false", "-v", "/etc/ssl/certs:/etc/ssl/certs:ro"];
  const other = await timed("buildah", [...storage, ...bud, "-t", "bench", context]);
  const push = await timed("buildah", [...storage, "push", "--tls-verify=false", "bench", `docker://${registry}/${id}/buildah:1`]);
  line("buildah, first", other.seconds + push.seconds, await pushed(`${id}/buildah`, "1"));
  process.stdout.write(`ratio of the first builds: ${(first.seconds / (other.seconds + push.seconds)).toFixed(2)}\n`);
} finally {
  await rm(work, { recursive: true, force: true });
}
