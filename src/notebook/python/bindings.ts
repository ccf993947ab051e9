import { rootOf } from "./roots.js";
import type { Scope } from "./scope.js";
import type { Node } from "./tree.js";
import type { Visit } from "./visit.js";

/**
 * Binds the names of an assignment's left side. Stores into attributes and items change the object at their root; `reads` says
 * whether what they are looked up in is still to be counted as read.
 */
export function bindTarget(walk: Visit, scope: Scope, target: Node, reads = true): void {
  switch (target.type) {
    case "identifier":
      walk.bind(scope, walk.text(target));
      break;
    case "attribute":
    case "subscript": {
      if (reads) walk.visit(scope, target);
      const root = rootOf(target);
      if (root !== null) scope.mutate(walk.text(root), root);
      break;
    }
    default:
      for (const one of target.children) bindTarget(walk, scope, one, reads);
  }
}

/** Captures of a `case`; dotted names are values to compare with, and classes are read. */
export function bindPattern(walk: Visit, scope: Scope, pattern: Node): void {
  switch (pattern.type) {
    case "dotted_name": {
      const [first, ...more] = pattern.children;
      if (first === undefined) break;
      if (more.length > 0) walk.read(scope, walk.text(first), first);
      else walk.bind(scope, walk.text(first));
      break;
    }
    case "class_pattern": {
      const [name, ...parts] = pattern.children;
      const first = name?.children[0];
      if (first !== undefined) walk.read(scope, walk.text(first), first);
      for (const part of parts) bindPattern(walk, scope, part);
      break;
    }
    case "keyword_pattern":
      for (const part of pattern.children.slice(1)) bindPattern(walk, scope, part);
      break;
    case "dict_pattern":
      for (const part of pattern.children) {
        if (part.field === "key") walk.visit(scope, part.type === "dotted_name" ? part.children[0]! : part);
        else bindPattern(walk, scope, part);
      }
      break;
    case "identifier":
      walk.bind(scope, walk.text(pattern));
      break;
    default:
      for (const part of pattern.children) bindPattern(walk, scope, part);
  }
}
