/** What `iapp_runtime.score.replay` offers to templates of the record. */
export const HELPERS = new Set([
  "Refused",
  "as_recorded",
  "ask",
  "bins",
  "by_group",
  "check",
  "checked_rows",
  "codes",
  "concat_rows",
  "dummies",
  "expand",
  "foretell",
  "forward_pass",
  "in_request_order",
  "keep",
  "restored",
  "row_count",
  "rows_in",
  "scaled",
  "split",
]);

/** Further names of the generated module that are ours, not the author's. */
export const OWN_NAMES = ["frozen", "rows", "Frozen", "Model", "use_modules"];
