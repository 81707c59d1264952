import type { Shell } from "../manual/completion.ts";
import {
  finishReport,
  type InstallationReport,
  type ReportDocument,
  type ReportedFailure,
  type SetupReport,
} from "../report/document.ts";
import { describeFailure } from "./prospects.ts";
import type { Request, World } from "./run.ts";

/** What `setup` can be told to do. `searchPath`: the one that cron uses, once that is known. */
export type SetupRequest =
  | { verb: "check"; searchPath?: string }
  | { verb: "config" | "logrotate" | "man" }
  | { verb: "completion"; shell: Shell }
  | { verb: "metrics"; what: "rules" | "dashboard" }
  | { verb: "template"; name: string; home: string | null }
  | { verb: "cron" | "systemd"; deed: Deed };

export type Deed = "print" | "install" | "uninstall";

type Context = { request: Request; world: World; runId: string };
type Told = SetupReport & { installations?: InstallationReport[]; error?: ReportedFailure };

/** Looks at the machine, prints what it needs, or installs that. */
export async function setUp(
  asked: SetupRequest,
  begun: Parameters<typeof finishReport>[0],
  context: Context,
): Promise<ReportDocument> {
  try {
    const { installations = [], error, ...told } = await answer(asked, context);
    return finishReport(begun, installations, error, told);
  } catch (thrown) {
    return finishReport(begun, [], describeFailure(thrown));
  }
}

/** A verb is a case here, an entry in `commands/setup.ts`, and a file of its own in `setup/`. */
async function answer(asked: SetupRequest, context: Context): Promise<Told> {
  switch (asked.verb) {
    case "check":
      return (await import("./check-setup.ts")).checkSetup(context);
    case "config":
      return (await import("./setup-config.ts")).setUpConfig(context.world);
    case "metrics":
      return { text: await metricsText(asked.what) };
    case "template":
      return (await import("./setup-template.ts")).setUpTemplate(asked, context);
    case "logrotate":
      return (await import("./setup-logrotate.ts")).setUpLogrotate(context);
    case "completion":
      return { text: (await import("../manual/completion.ts")).completionFor(asked.shell) };
    case "man":
      return { text: (await import("../manual/man-page.ts")).manPage(context.world.version) };
    case "cron":
      return (await import("./setup-cron.ts")).setUpCron(asked.deed, context);
    case "systemd":
      return (await import("./setup-systemd.ts")).setUpSystemd(asked.deed, context);
  }
}

/** What loads into Prometheus, or into Grafana, as it is. */
async function metricsText(what: "rules" | "dashboard"): Promise<string> {
  if (what === "dashboard") return (await import("../metrics/grafana-dashboard.ts")).grafanaDashboard();
  return (await import("../metrics/alert-rules.ts")).alertRules();
}
