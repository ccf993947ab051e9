import type { BundleFile, ContractDocument, VerificationDocument } from "../../core/contract.js";
import type { Lineage } from "../../core/lineage.js";

/** `bundle.json`. `digest` is over what is served; see `digest.ts`. */
export interface BundleIndex {
  schema: "iapp.bundle/1";
  name: string;
  digest: string;
  files: BundleFile[];
}

/** A bundle on disk with its documents. */
export interface Bundle {
  dir: string;
  index: BundleIndex;
  lineage: Lineage;
  contract: ContractDocument;
  verification: VerificationDocument;
  scorePy: string;
  frozen: Record<string, { access: string; value: unknown }>;
}
