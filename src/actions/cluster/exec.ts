import { OperationError } from "../../core/errors.js";
import type { Host } from "../../core/host.js";
import { currentVersion } from "../../kube/app-state.js";
import { listApps } from "../../kube/app-store.js";
import { isReady, type PodObject } from "../../kube/causes.js";
import { execIn } from "../../kube/exec.js";
import { LABEL, selectorText } from "../../kube/manifests/index.js";
import type { Target } from "../../project/targets.js";
import { type ExecInput, noSuchVersion, splitWords } from "../exec/index.js";
import { onTarget, resolveSeenApp } from "./access.js";

/** Runs a program in a pod of an app and resolves with its exit code: a ready pod where there is one. */
export function execThere(
  host: Pick<Host, "signal" | "emit" | "write" | "stdin">,
  target: Target,
  { words, version, component }: ExecInput,
): Promise<number> {
  return onTarget(host, target, async (api) => {
    const { name, command } = splitWords(
      words,
      (await listApps(api)).map((app) => app.name),
    );
    const app = await resolveSeenApp(api, target, name);
    const known = app.desired.map((one) => one.name);
    const wanted = version ?? currentVersion(app) ?? known[0];
    const labels: Record<string, string> = { [LABEL.app]: app.name, [LABEL.component]: component };
    if (component === "scoring") {
      if (wanted === undefined || !known.includes(wanted)) throw noSuchVersion(app.name, version, known);
      labels[LABEL.version] = wanted;
    }
    const query = { labelSelector: selectorText(labels) };
    const { items } = await api.list<PodObject>({ apiVersion: "v1", kind: "Pod" }, query);
    const running = items.filter(
      ({ status, metadata }) => status?.phase === "Running" && metadata.deletionTimestamp === undefined,
    );
    const pod = running.find(isReady) ?? running[0];
    if (pod === undefined) {
      throw new OperationError("IAPP_EXEC_NO_POD", `no pod of ${app.name} runs in which a command could be run`, {
        remedy: `See iapp status ${app.name} --target ${target.name}.`,
      });
    }
    host.emit({ code: "exec.pod", level: "debug", text: `running it in ${pod.metadata.name}` });
    return execIn(api, {
      pod: pod.metadata.name,
      container: component,
      command,
      stdin: host.stdin(),
      out: (data) => host.write(data),
      err: (data) => host.write(data, "stderr"),
    });
  });
}
