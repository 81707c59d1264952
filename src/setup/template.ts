import { basename, join } from "node:path";
import { commentedInstallation, type FoundInstallation, type SchemaNode } from "./commented-configuration.ts";

/** A new bot. `directory`: its OpenClaw state folder, or the home of the user that it runs as; absolute. */
export type NewBot = { name: string; directory: string };

/** Where a new bot keeps its sessions: in a state folder as it was named, or where a user's programs have them. Pure. */
export function homesOfBot({ directory }: NewBot): { openclaw: string; claude?: string } {
  if (/^\.?(openclaw|clawdbot|moltbot)/i.test(basename(directory))) return { openclaw: directory };
  return { openclaw: join(directory, ".openclaw"), claude: join(directory, ".claude") };
}

/**
 * A file for `conf.d` with one installation, and above it what else a new bot needs. Pure.
 *
 * @param schema of the whole configuration
 */
export function templateFor(schema: SchemaNode, bot: NewBot, cronLine: string): string {
  const { openclaw, claude } = homesOfBot(bot);
  const found: FoundInstallation = {
    openclawHome: { says: openclaw },
    ...(claude === undefined ? { without: "claude" } : { claudeHome: { says: claude } }),
  };
  return commentedInstallation(
    schema,
    bot.name,
    found,
    headFor(bot, { openclaw, cronLine, ...(claude ? { claude } : {}) }),
  );
}

function headFor(
  { name }: NewBot,
  { openclaw, claude, cronLine }: { openclaw: string; claude?: string; cronLine: string },
): string[] {
  const homes = [openclaw, ...(claude === undefined ? [] : [claude])];
  return [
    `The bot ${name}, for session-keeper. Put this file where the system's configuration is:`,
    "",
    `  session-keeper setup template ${name} --home DIR > /etc/session-keeper/conf.d/${name}.json5`,
    `  chmod 644 /etc/session-keeper/conf.d/${name}.json5    (0600 where it holds addresses or tokens)`,
    "",
    "What a new bot needs:",
    "",
    "1. Its folders are there and belong to the user that it runs as, and nobody else looks into them:",
    ...homes.map((home) => `     chown -R USER: ${home} && chmod 700 ${home}`),
    "2. In a container: mount the folder from the host, say under paths what it is called inside, and restart it by",
    '     restart: ["docker", "restart", "NAME"]',
    "3. What it logs can be read: gateway.logs; how it is restarted: gateway.restart, gateway.health.",
    "4. Something starts session-keeper. One line in the crontab of root serves all bots; else, as the bot's user:",
    `     ${cronLine}`,
    "   or all lines at once: session-keeper setup cron --install",
    "5. Nothing is in the way, and a first look finds what you expect:",
    `     session-keeper setup check --installation '${name}'`,
    `     session-keeper rotate --dry-run --verbose --installation '${name}'`,
    "6. No other script cleans these folders: two keepers get in each other's way.",
    "",
    `In an emergency (the gateway is stopped, and locks are left): session-keeper clean-locks --force -i '${name}'`,
    "",
    "What stands behind slashes below is what holds anyway; take the slashes away to change it.",
  ];
}
