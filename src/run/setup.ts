import { reportCheck } from "../report/check-wording.ts";
import { finishReport, type InstallationReport, type ReportDocument, type SetupReport } from "../report/document.ts";
import { cronLines } from "../setup/cron-lines.ts";
import { checkNode } from "../setup/program-checks.ts";
import { describeFailure } from "./prospects.ts";
import type { Request, World } from "./run.ts";

/** What `setup` can be told to do. */
export type SetupRequest = { verb: "check" } | { verb: "cron"; deed: Deed };

export type Deed = "print" | "install" | "uninstall";

type Context = { request: Request; world: World };
type Told = SetupReport & { installations?: InstallationReport[] };

/** Looks at the machine, prints what it needs, or installs that. */
export async function setUp(
  asked: SetupRequest,
  begun: Parameters<typeof finishReport>[0],
  context: Context,
): Promise<ReportDocument> {
  try {
    const { installations = [], ...told } = await answer(asked, context);
    return finishReport(begun, installations, undefined, told);
  } catch (thrown) {
    return finishReport(begun, [], describeFailure(thrown));
  }
}

/** A verb is a case here, an entry in `commands/setup.ts`, and a file of its own in `setup/`. */
async function answer(asked: SetupRequest, _context: Context): Promise<Told> {
  switch (asked.verb) {
    case "check":
      return { checks: [checkNode(process.versions.node, process.execPath)].map(reportCheck) };
    case "cron":
      return { text: `${cronLines("session-keeper").join("\n")}\n` };
  }
}
