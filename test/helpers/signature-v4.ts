import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface Keys {
  id: string;
  secret: string;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** The S3 error code that a request's signature deserves, or null where it is right ("Signature Version 4" of Amazon's reference). */
export function wrongSignature(request: IncomingMessage, keys: Keys, token: string | null): string | null {
  const given = /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
    request.headers.authorization ?? "",
  );
  if (given === null) return "AccessDenied";
  const [, credential = "", names = "", signature] = given;
  const [id, date = "", region = "", service, end] = credential.split("/");
  if (id !== keys.id) return "InvalidAccessKeyId";
  const time = String(request.headers["x-amz-date"]);
  if (service !== "s3" || end !== "aws4_request" || !time.startsWith(date)) return "AuthorizationHeaderMalformed";
  if ((request.headers["x-amz-security-token"] ?? null) !== token) return "InvalidToken";
  if (!names.split(";").includes("host")) return "AccessDenied";
  const [path = "", query = ""] = request.url!.split("?");
  const parameters = [...new URLSearchParams(query)]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort();
  const headers = names
    .split(";")
    .map((name) => `${name}:${String(request.headers[name]).trim().replace(/ +/g, " ")}\n`);
  const payload = String(request.headers["x-amz-content-sha256"]);
  const canonical = [request.method, path, parameters.join("&"), headers.join(""), names, payload].join("\n");
  const scope = `${date}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const key = hmac(hmac(hmac(hmac(`AWS4${keys.secret}`, date), region), "s3"), "aws4_request");
  return hmac(key, toSign).toString("hex") === signature ? null : "SignatureDoesNotMatch";
}
