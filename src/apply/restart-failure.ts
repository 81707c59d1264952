import type { CommandResult } from "../host/command.ts";

/** Why the gateway was not restarted, in words, and what to do about it. */
export type RestartFailure = { because: string; hint: string };

/**
 * Tells in plain words why a restart command failed. What it printed is not repeated, but troubles that are well known are
 * recognised in it. Pure.
 *
 * @param limitMs how long it was given
 */
export function explainRestart(result: CommandResult, argv: readonly string[], limitMs: number): RestartFailure {
  const command = argv[0] ?? "";
  const not = "the gateway was not restarted";
  if (result.timedOut)
    return {
      because: `${not}: ${command} did not end within ${limitMs / 1000} s`,
      hint: "the gateway may still be restarting; check it by hand",
    };
  if (result.failure)
    return {
      because: `${not}: ${command} could not be started (${result.failure})`,
      hint: "give the command's full path in gateway.restart: cron has a short PATH",
    };
  const known = KNOWN.find(({ sign }) => sign.test(`${result.stderr}\n${result.stdout}`));
  if (known) return { because: `${not}: ${known.because}`, hint: known.hint };
  return {
    because: `${not}: ${command} ended with status ${result.status}`,
    hint: "run the configured restart command by hand to see what it says",
  };
}

const KNOWN: { sign: RegExp; because: string; hint: string }[] = [
  {
    sign: /failed to connect to (?:\S+ )*bus|systemctl --user unavailable|no medium found|XDG_RUNTIME_DIR/i,
    because: "systemctl --user has no user bus here, as is usual under cron",
    hint: "allow the user's services to live without a login: loginctl enable-linger USER, or put XDG_RUNTIME_DIR=/run/user/UID into the crontab",
  },
  {
    sign: /a password is required|a terminal is required/i,
    because: "sudo asks for a password",
    hint: "allow exactly this command without a password in a file under /etc/sudoers.d",
  },
  {
    sign: /you do not exist in the passwd database/i,
    because: "this host does not know the user to whom the homes belong, so sudo refuses him",
    hint: "make a user with that number on this host, and let him run exactly this command (README: Docker)",
  },
  {
    sign: /permission denied.*(?:docker|podman)|(?:docker|podman).*permission denied/i,
    because: "this user may not use the container runtime",
    hint: "add that user to the group docker (usermod -aG docker USER), or let him run exactly this command with sudo (README: Docker)",
  },
  {
    sign: /cannot connect to (?:the docker daemon|podman)|is the docker daemon running/i,
    because: "the container runtime does not answer",
    hint: "start it; under cron a rootless one needs DOCKER_HOST in the crontab, and in a sidecar its socket has to be mounted",
  },
  {
    sign: /no such container|no container with (?:name|id)/i,
    because: "there is no container of that name",
    hint: "docker ps --all --format '{{.Names}}' lists them; correct gateway.restart",
  },
];
