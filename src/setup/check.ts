/** How a line of the checklist stands. `advice`: nothing is wrong, and something could be better. */
type CheckSeverity = "ok" | "advice" | "warning" | "error";

/** What a line of the checklist says; its words are in `report/`. Stable names; more may be added. */
export type CheckKind = "node-recent" | "node-old";

/** One line of `setup check`: a fact about this machine or an installation, with what shows it. */
export type Check = {
  group: "program";
  kind: CheckKind;
  severity: CheckSeverity;
  path?: string;
  evidence: Record<string, unknown>;
};
