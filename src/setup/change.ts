/** What `setup` did to this machine, or would do. */
export type Change = {
  kind: ChangeKind;
  result: "planned" | "done" | "already-done";
  path?: string;
  evidence: Record<string, unknown>;
};

export type ChangeKind =
  | "crontab-lines-in"
  | "crontab-lines-out"
  | "unit-in"
  | "unit-out"
  | "units-out"
  | "timers-started"
  | "timers-stopped"
  | "units-reloaded"
  | "manager-missing";
