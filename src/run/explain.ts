import { finishReport, type ReportDocument } from "../report/document.ts";
import { explain } from "../report/explain.ts";
import { describeFailure } from "./prospects.ts";

/** Tells what a name in a report means. Neither a home nor a configuration is looked for. */
export function explainTo(kind: string | null, begun: Parameters<typeof finishReport>[0]): ReportDocument {
  try {
    return { ...finishReport(begun, []), explanations: explain(kind) };
  } catch (thrown) {
    return finishReport(begun, [], describeFailure(thrown));
  }
}
