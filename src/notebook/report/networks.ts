import { type Call, dottedName, type ImportNames } from "../python/calls.js";
import { child, type Node, textOf, walk } from "../python/tree.js";
import type { FlowStatement } from "./flow.js";

const BASE = /(^|\.)(Module|LightningModule)$/;
// Layers that learn nothing: losses and activations are functions like any other.
const LAYER =
  /^torch\.nn\.(?!functional\b)(?!.*(Loss|ReLU|ReLU6|ELU|GELU|SiLU|Sigmoid|Softmax|Tanh|Softplus)$)[A-Z]\w*$/;

/** What the notebook says about PyTorch networks: they are called by their name, and trained by a loop of its own. */
export class Networks {
  private readonly classes = new Set<string>();

  constructor(private readonly imports: ImportNames) {}

  /** Takes note of a class that is a network. */
  define({ tree, node }: FlowStatement): void {
    for (const at of walk(node)) {
      if (at.type !== "class_definition") continue;
      const [name, bases] = [child(at, "name"), child(at, "superclasses")];
      if (name === undefined) continue;
      const named = (bases?.children ?? []).map((base) => dottedName(tree, base, this.imports));
      if (named.some((base) => BASE.test(base) || this.classes.has(base))) this.classes.add(textOf(tree, name));
    }
  }

  /** The network that a call gives rows to: `net(X)`, `net.forward(X)`; null for any other call. */
  calledBy(call: Call, isNetwork: (name: string) => boolean): Node | null {
    const object =
      call.receiver === null ? child(call.node, "function") : call.method === "forward" ? call.receiver : null;
    if (object?.type !== "identifier" || call.args.length !== 1) return null;
    return isNetwork(call.receiver === null ? call.callee : (call.root ?? "")) ? object : null;
  }

  /** Whether a class, by its full name, is one. */
  has(className: string | undefined): boolean {
    return className !== undefined && (this.classes.has(className) || LAYER.test(className));
  }
}

/** Whether these calls take a step of training. */
export function trains(calls: readonly Call[]): boolean {
  return calls.some((call) => call.method === "backward");
}

/** Whether these calls say that gradients are not wanted, or that the training is over. */
export function looksOn(calls: readonly Call[]): boolean {
  return calls.some((call) => /^(no_grad|inference_mode|eval)$/.test(call.method));
}
