import { absolutePath } from "../config/paths.ts";
import { KeeperError } from "../errors.ts";
import type { SetupReport } from "../report/document.ts";
import type { SchemaNode } from "../setup/commented-configuration.ts";
import { cronLines } from "../setup/cron-lines.ts";
import { templateFor } from "../setup/template.ts";
import { ownCall } from "./own-call.ts";
import type { Request, World } from "./run.ts";

/**
 * Prints a configuration file for one new bot.
 *
 * @throws KeeperError `usage` for a name that no installation may have
 */
export async function setUpTemplate(
  { name, home }: { name: string; home: string | null },
  { request, world: { surroundings } }: { request: Request; world: World },
): Promise<SetupReport> {
  if (!/^\w[\w.-]*$/.test(name))
    throw new KeeperError(
      "usage",
      `${JSON.stringify(name)} is no name for a bot: expected letters, digits, dots, dashes, and a letter or digit first`,
      "nothing was printed; the name is that of the installation and of its file",
    );
  const directory = absolutePath(home ?? `~/.openclaw-${name}`, surroundings);
  const line = cronLines(ownCall(surroundings, { ...request.flags, installation: [] }), "", false).find((one) =>
    /^[^#].* rotate --cron/.test(one),
  );
  const { configurationJsonSchema } = await import("../config/schema.ts");
  return { text: templateFor(configurationJsonSchema() as SchemaNode, { name, directory }, line ?? "") };
}
