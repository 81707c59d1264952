import { COMMANDS, type CommandName } from "./own-jobs.ts";

/** The first line of every unit of ours: by this a later run knows that it may replace the file, or take it away. */
export const UNIT_MARK = "# made by session-keeper setup systemd, which replaces this file";

/** What the units have to know of this machine. */
export type UnitPlaces = {
  scope: "system" | "user";
  /** the words that start this program; absolute paths */
  program: readonly string[];
  searchPath: string;
  /** options that lead to the same homes */
  options: readonly string[];
  variables: Record<string, string>;
  /** homes, archives, state, notes: what a run writes to */
  writable: readonly string[];
  /** a configured command goes through sudo or its like, which needs rights that it gains by itself */
  gainsRights: boolean;
};

export type Unit = { name: string; text: string };

/** When each command runs; the same times as in a crontab. */
const TIMES: Record<CommandName, { calendar: string; options: readonly string[] }> = {
  rotate: { calendar: "*:03/5", options: [] },
  "clean-locks": { calendar: "*:01/5", options: [] },
  archive: { calendar: "00/6:22", options: [] },
  "validate-registry": { calendar: "*:39", options: ["--repair"] },
  "detect-corruption": { calendar: "*:07", options: [] },
};

/** A service and a timer for each command. Pure. */
export function unitsFor(places: UnitPlaces): Unit[] {
  return COMMANDS.flatMap((command) => [
    { name: `session-keeper-${command}.service`, text: serviceFor(command, places) },
    { name: `session-keeper-${command}.timer`, text: timerFor(command) },
  ]);
}

function timerFor(command: CommandName): string {
  return `${UNIT_MARK}
[Unit]
Description=session-keeper ${command}, from time to time

[Timer]
OnCalendar=${TIMES[command].calendar}
AccuracySec=5s
Persistent=yes

[Install]
WantedBy=timers.target
`;
}

function serviceFor(command: CommandName, places: UnitPlaces): string {
  const words = [...places.program, command, ...TIMES[command].options, "--cron", ...places.options];
  const variables = { PATH: places.searchPath, ...places.variables };
  return `${[
    UNIT_MARK,
    "[Unit]",
    `Description=session-keeper ${command}`,
    "",
    "[Service]",
    "Type=oneshot",
    `ExecStart=${words.map((one) => unitWord(one).replaceAll("$", "$$$$")).join(" ")}`,
    ...Object.entries(variables).map(([name, value]) => `Environment=${unitWord(`${name}=${value}`)}`),
    "# 1: something that was found is still there; 75: another run is at work. Neither is a failure of the unit.",
    "SuccessExitStatus=1 75",
    "# A run stops itself after half an hour (--cron).",
    "TimeoutStartSec=45min",
    "# What gateway.restart started goes on when the run ends.",
    "KillMode=process",
    "UMask=0077",
    "Nice=10",
    "IOSchedulingClass=idle",
    ...hardening(places),
  ].join("\n")}\n`;
}

function hardening({ scope, writable, gainsRights }: UnitPlaces): string[] {
  const rights = gainsRights
    ? [
        "",
        "# NoNewPrivileges=yes is left out, and what implies it: a configured command goes through sudo, which could not",
        "# gain its rights then.",
      ]
    : ["", "NoNewPrivileges=yes"];
  if (scope === "user")
    return [
      ...rights,
      ...(gainsRights ? [] : FILTERS),
      "# Nothing here that gives the run a user namespace of its own (ProtectSystem=, PrivateTmp=, ProtectHome= and the",
      "# like do, for the units of a user): from there it could not see which programs have a session's file open, and",
      "# would shorten one that is in use.",
    ];
  return [
    ...rights,
    ...(gainsRights ? [] : FILTERS),
    "ProtectSystem=strict",
    "# Homes, archives, state and notes; what is not there yet is passed over.",
    ...writable.map((path) => `ReadWritePaths=${unitWord(`-${path}`)}`),
    "# The gateway's logs and locks lie in /tmp.",
    "PrivateTmp=no",
    "# The homes lie in /home or /root.",
    "ProtectHome=no",
    "ProtectControlGroups=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "PrivateDevices=yes",
    ...(gainsRights ? [] : CAPABILITIES),
  ];
}

const CAPABILITIES = [
  "# To look at all processes, to become the owner of a home, and to keep the owners and modes of files.",
  "CapabilityBoundingSet=CAP_SYS_PTRACE CAP_SETUID CAP_SETGID CAP_CHOWN CAP_FOWNER CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_KILL",
];

/** Each of these implies NoNewPrivileges, at least for the units of a user. */
const FILTERS = [
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "LockPersonality=yes",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallErrorNumber=EPERM",
];

/** A word of a unit's line: quoted where it must be, percent signs doubled, since they would be replaced. */
function unitWord(text: string): string {
  const plain = text.replaceAll("%", "%%");
  return /^[\w./@:=,+%$-]+$/.test(plain) ? plain : `"${plain.replace(/["\\]/g, "\\$&")}"`;
}
