import { settleInstallation } from "../config/settle.ts";
import { discover } from "../installation/discover.ts";
import type { SetupReport } from "../report/document.ts";
import { commentedConfiguration, type FoundInstallation, type SchemaNode } from "../setup/commented-configuration.ts";
import { findContainers } from "../setup/containers.ts";
import { type Account, type FoundHomes, findHomesOf, listAccounts } from "../setup/find-homes.ts";
import { findGatewayServices } from "../setup/gateway-units.ts";
import { describeInstallation, nameHomes } from "../setup/interview.ts";
import { userNameOf } from "./check-machine.ts";
import type { World } from "./run.ts";

/** Prints a configuration made of what is found: for root of all users' homes, else of this user's. */
export async function setUpConfig({ surroundings }: World): Promise<SetupReport> {
  const { env, homeDirectory, uid } = surroundings;
  const me: Account = { user: userNameOf(uid), uid, directory: homeDirectory };
  const others = uid === 0 ? listAccounts().filter(({ uid: other }) => other !== 0) : [];
  const homes = [...findHomesOf(me, env), ...others.flatMap((account) => findHomesOf(account, {}))];
  const containers = homes.length > 0 ? await findContainers(env) : [];
  const found: Record<string, FoundInstallation> = {};
  for (const [name, one] of nameHomes(homes)) {
    const services = findGatewayServices(one.account.directory);
    const hasLogs = await findsLogs(one, surroundings);
    const evidence = { services, containers, hasLogs, asRoot: others.length > 0, searchPath: env.PATH ?? "" };
    found[name] = describeInstallation(one, evidence);
  }
  const { configurationJsonSchema } = await import("../config/schema.ts");
  return { text: commentedConfiguration(configurationJsonSchema() as SchemaNode, found) };
}

async function findsLogs({ openclaw, account }: FoundHomes, surroundings: World["surroundings"]): Promise<boolean> {
  if (openclaw === undefined) return false;
  const base = { ...surroundings, homeDirectory: account.directory };
  const settings = settleInstallation("found", undefined, base);
  const asked = { ...settings, openclaw: { home: openclaw, version: "auto" }, claude: null };
  return (await discover(asked, base, "locks")).logs.length > 0;
}
