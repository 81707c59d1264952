/** Whose log it is, and where. */
export type OwnLog = { file: string; user: string; group: string };

/**
 * What logrotate is told to do with our log. A run opens it anew and writes for moments, so it is renamed and made anew, and
 * not copied and cut off (`copytruncate`), by which lines that come in between are lost.
 */
export function logrotateLines({ file, user, group }: OwnLog): string[] {
  return [
    "# The log of session-keeper, for logrotate: as root in /etc/logrotate.d, or of a user's own with",
    "#   logrotate --state ~/.local/state/session-keeper/logrotate.state FILE",
    "#",
    "# The journal in the state folder is left out on purpose: restore undo and registry.keepBackups read it. It gets",
    "# less than a kilobyte for each step of a run that changes something, and nothing from all other runs.",
    `${quoted(file)} {`,
    "    weekly",
    "    rotate 8",
    "    maxsize 10M",
    "    missingok",
    "    notifempty",
    "    compress",
    "    delaycompress", // a run that began before still writes to the one that was renamed
    `    su ${user} ${group}`,
    `    create 0600 ${user} ${group}`,
    "}",
  ];
}

function quoted(path: string): string {
  return `"${path.replaceAll(/["\\]/g, "\\$&")}"`;
}
