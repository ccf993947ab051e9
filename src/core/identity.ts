import { hostname, userInfo } from "node:os";

/** Who does this, for others who look at it: `user@host`. */
export function myself(): string {
  let user = "iapp";
  try {
    user = userInfo().username;
  } catch {
    // A container's user need not have a name: there it is iapp itself.
  }
  return `${user}@${hostname()}`;
}
