import { OperationError } from "../core/errors.js";
import { readText, type WireResponse } from "./transport.js";

const WORDS: Record<number, string> = {
  401: "wants to know who you are",
  403: "refuses it",
  404: "does not have it",
  405: "does not allow it (is it read-only?)",
  413: "finds it too large",
  429: "says too many requests",
};

/** A refused request in one sentence with the registry's own words (distribution-spec, "Error Codes"). */
export async function refused(response: WireResponse, what: string, registry: string): Promise<OperationError> {
  const text = await readText(response, 1 << 16).catch(() => "");
  let words = "";
  let codes: string[] = [];
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: string; message?: string; detail?: unknown }[] };
    codes = (errors ?? []).map(({ code }) => code ?? "");
    words = (errors ?? []).map(({ code, message }) => message || code || "").join("; ");
  } catch {
    words = text.trim().slice(0, 200);
  }
  const reason = words === "" ? "" : `: ${words}`;
  return new OperationError(
    "IAPP_REGISTRY_REFUSED",
    `${registry} ${WORDS[response.status] ?? `answered ${response.status}`} (${what})${reason}`,
    {
      retryable: response.status === 429 || response.status >= 500,
      data: { status: response.status, codes },
      ...(response.status === 401 || response.status === 403
        ? { remedy: `Log in to ${registry} with an account that may do this.` }
        : {}),
    },
  );
}
