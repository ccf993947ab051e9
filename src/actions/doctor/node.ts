import { type Check, fail, ok } from "./finding.js";

const OLDEST = [20, 19] as const;

export const node: Check = async () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (!old) return [ok("node", `Node ${process.versions.node}`)];
  return [fail("node", `Node ${process.versions.node} is too old`, `Install Node ${OLDEST.join(".")} or newer.`)];
};
