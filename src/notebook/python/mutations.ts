import { rootOf } from "./roots.js";
import { child, type Node, type Tree, textOf } from "./tree.js";

/** Methods that change their object, by their usual names in Python, pandas, scikit-learn and the deep learning libraries. */
const CHANGING = new Set(
  (
    "append extend insert add update remove discard pop popitem clear sort reverse setdefault " +
    "fit fit_transform fit_predict fit_resample partial_fit fit_generator train_on_batch compile build set_params load_weights load_model load_state_dict " +
    "adapt fit_on_texts fill put itemset resize setflags add_module register_buffer " +
    "train eval step zero_grad backward to_inplace seed set_index_inplace build_vocab train_model"
  ).split(" "),
);

/** The name whose object a call changes in place, or null. `pd.read_csv(...)` and the like change nothing. */
export function mutationOf(tree: Tree, call: Node): Node | null {
  const callee = child(call, "function");
  if (callee?.type !== "attribute") return null;
  const method = textOf(tree, child(callee, "attribute")!);
  const inPlace = child(call, "arguments")?.children.some(
    (one) =>
      one.type === "keyword_argument" &&
      textOf(tree, child(one, "name")!) === "inplace" &&
      child(one, "value")?.type === "true",
  );
  if (inPlace !== true && !CHANGING.has(method)) return null;
  return rootOf(callee);
}
