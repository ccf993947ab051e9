import type { Agreement } from "../../core/agreement.js";
import type { ContractDocument, VerificationDocument } from "../../core/contract.js";
import type { Lineage } from "../../core/lineage.js";

/** The documents a report is made of. `notebook` is the executed notebook's JSON, or null. */
export interface ReportInput {
  name: string;
  digest: string;
  lineage: Lineage;
  contract: ContractDocument;
  verification: VerificationDocument;
  agreement: Agreement | null;
  scorePy: string;
  notebook: unknown;
  files: { path: string; bytes: number; code: boolean }[];
}
