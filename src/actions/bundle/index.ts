export { type BundleDiff, type Change, diffBundles } from "./diff.js";
export { bundleDigest, EXPLAINS } from "./digest.js";
export type { Bundle, BundleIndex } from "./documents.js";
export { damagedFiles, findBundle, readBundle } from "./read.js";
export { type BundleView, showBundle } from "./show.js";
export { type WriteBundleInput, writeBundle } from "./write.js";
