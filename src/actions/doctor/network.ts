import { exec } from "../../core/exec.js";
import { redact, register } from "../../core/redact.js";
import { type Check, type Finding, fail, ok, type Patient, warn } from "./finding.js";
import { configuredIndex } from "./index-url.js";

const TIMEOUT_S = 8;
const SKEW_MS = 5 * 60_000;

/** Asked by Python, because it is Python's tools that will ask: they know of proxies and certificates what Node does not. */
const SCRIPT = `
import base64, json, sys, urllib.error, urllib.request
asked = json.load(sys.stdin)
headers = {"User-Agent": "iapp", "Accept": "text/html"}
if asked["user"] is not None:
    headers["Authorization"] = "Basic " + base64.b64encode((asked["user"] + ":" + asked["password"]).encode()).decode()
try:
    request = urllib.request.Request(asked["url"], headers=headers)
    with urllib.request.urlopen(request, timeout=asked["timeout"]) as answer:
        result = {"status": answer.status, "date": answer.headers.get("Date")}
except urllib.error.HTTPError as error:
    result = {"status": error.code, "date": error.headers.get("Date")}
except Exception as error:
    result = {"error": str(getattr(error, "reason", error)) or type(error).__name__}
print(json.dumps(result))
`;

type Answer = { status: number; date: string | null } | { error: string };

/** Can packages be had, and does this machine's clock agree with theirs? */
export const network: Check = async (patient) => {
  const { url, from } = await configuredIndex(patient.env);
  const address = parse(url);
  if (address === null) return [fail("index", `the package index is no address (${from})`, `Correct ${from}.`)];
  const [asker] = await patient.interpreters();
  if (asker === undefined) return [warn("index", "not looked at: there is no Python to ask with", null)];
  const answer = await ask(patient, asker.path, address);
  if (answer === null) return [warn("index", "not looked at: Python did not answer in time", null)];
  return judge(address.shown, from, answer, patient.now());
};

interface Address {
  /** Without credentials: what is asked and what is shown. */
  shown: string;
  user: string | null;
  password: string;
}

function parse(url: string): Address | null {
  try {
    const address = new URL(url);
    if (!/^https?:$/.test(address.protocol)) return null;
    const [user, password] = [decodeURIComponent(address.username), decodeURIComponent(address.password)];
    if (user !== "") register(user);
    if (password !== "") register(password);
    [address.username, address.password] = ["", ""];
    return { shown: address.href, user: user === "" && password === "" ? null : user, password };
  } catch {
    return null;
  }
}

async function ask(patient: Patient, python: string, { shown, user, password }: Address): Promise<Answer | null> {
  // The page of one package: that of all is large. Over stdin, because arguments can be read by every user.
  const url = `${shown.replace(/\/?$/, "/")}pip/`;
  const asked = JSON.stringify({ url, user, password, timeout: TIMEOUT_S });
  try {
    const options = { env: patient.env, signal: patient.signal, timeout: (TIMEOUT_S + 5) * 1000, input: asked };
    const { code, stdout } = await exec(python, ["-c", SCRIPT], options);
    return code === 0 ? (JSON.parse(stdout) as Answer) : null;
  } catch (error) {
    if (patient.signal.aborted) throw error;
    return null;
  }
}

export function judge(shown: string, from: string, answer: Answer, now: number): Finding[] {
  const index = from === "default" ? shown : `${shown} (from ${from})`;
  if ("error" in answer) {
    const remedy =
      "Check the network, the proxy (HTTPS_PROXY) and the certificates (SSL_CERT_FILE). What is installed already keeps working.";
    return [warn("index", redact(`${index} cannot be reached: ${answer.error}`), remedy)];
  }
  const findings: Finding[] = [];
  if (answer.status === 401 || answer.status === 403 || answer.status === 407)
    findings.push(
      warn(
        "index",
        `${index} refuses (${answer.status})`,
        "Give it credentials: uv and pip read them from netrc, the keyring or the address.",
      ),
    );
  else if (answer.status >= 500)
    findings.push(warn("index", `${index} has a fault (${answer.status})`, "Try again later."));
  else if (answer.status === 404)
    findings.push(warn("index", `${index} answers, but seems to be no package index (404)`, "Correct the address."));
  else findings.push(ok("index", `${index} answers`));
  const theirs = answer.date === null ? Number.NaN : Date.parse(answer.date);
  if (Number.isNaN(theirs)) return findings;
  if (Math.abs(now - theirs) <= SKEW_MS) return [...findings, ok("clock", "the clock agrees with the package index")];
  const minutes = Math.round((now - theirs) / 60_000);
  const text = `this machine's clock is ${Math.abs(minutes)} minutes ${minutes > 0 ? "ahead of" : "behind"} the package index's`;
  return [...findings, warn("clock", text, "Set the clock: certificates are refused when it is wrong.")];
}
