import { join } from "node:path";
import { connectionOf } from "../../bucket/connection.js";
import { copyBucket, type Progress } from "../../bucket/folder.js";
import { UserError } from "../../core/errors.js";
import type { Context } from "../../core/events.js";
import { bucketText, isBucket } from "../../kube/manifests/index.js";
import { writeReport } from "../job/report.js";
import { dataMounts } from "./data.js";

/** A line of progress at most this often. */
const TELL_MS = 1000;

/**
 * What the first container of a training job does: copies data from buckets to where the notebook reads them. How it fails is left as a
 * report for whoever started the job. @param texts `s3://BUCKET/PREFIX=PATH`
 */
export async function fetchData(ctx: Context, texts: readonly string[], secret: string): Promise<void> {
  const report = ctx.env.IAPP_REPORT;
  if (report === undefined || ctx.env.KUBERNETES_SERVICE_HOST === undefined) {
    throw new UserError("IAPP_DATA_NO_CLUSTER", "this is no pod that iapp has made", {
      remedy: "It is started on a cluster by: iapp deploy NOTEBOOK --train-on cluster --data s3://BUCKET/PREFIX=PATH",
    });
  }
  try {
    const connection = connectionOf(ctx.env, secret);
    for (const mount of dataMounts(texts, secret).filter(isBucket)) {
      const { bucket, prefix, path } = mount;
      const tell = teller(ctx, `${bucketText(mount)} to ${path}`);
      const { signal } = ctx;
      const say = (text: string): void => ctx.emit({ code: "data.again", level: "progress", text });
      await copyBucket({ connection, bucket, prefix, folder: join(ctx.cwd, path), signal, progress: tell, say });
    }
  } catch (error) {
    await writeReport(report, null, error).catch(() => undefined);
    throw error;
  }
}

/** The first and the last, and what is between them not too often. */
function teller(ctx: Context, what: string): (progress: Progress) => void {
  let told = Number.NEGATIVE_INFINITY;
  return ({ done, of, bytes, ofBytes }) => {
    const now = performance.now();
    if (done > 0 && done < of && now - told < TELL_MS) return;
    told = now;
    const text = `copying ${what}: ${done} of ${of} objects, ${megabytes(bytes)} of ${megabytes(ofBytes)} MB`;
    ctx.emit({ code: "data.copy", level: "progress", text, data: { progress: { done, of, label: "data" } } });
  };
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
