/** What an alert can be about. `repair`: something was put right, or restarted, that no alert told to be broken. */
export type IncidentKind = "corruption" | "failure" | "repair";

/**
 * One thing that is broken or failed, told apart from others by its `subject`: a path, where there is one. Session keys are
 * whole here; what leaves the host is masked when it is worded.
 */
export type Trouble = {
  kind: Exclude<IncidentKind, "repair">;
  subject: string;
  path?: string;
  sessionId?: string;
  sessionKey?: string;
  /** of the findings; of a failure: its code, or the action that failed */
  kinds: string[];
  /** a look that no longer finds it tells nothing: only a deed that succeeds ends it, or time */
  isLasting?: boolean;
};

/** A trouble as it is remembered. `seenBy`: the commands that found it. `isOver`: it is gone, while others of its incident are not. */
export type KnownTrouble = Trouble & { seenBy: string[]; isOver?: boolean };

/** What one run newly found in one installation. Times are epoch milliseconds. */
export type Incident = {
  id: string;
  kind: Exclude<IncidentKind, "repair">;
  /** tells homes apart, whatever the installation is called; see `Observation` */
  scope: string;
  installation: string | null;
  command: string;
  openedAt: number;
  /** when an alert was last made of it */
  toldAt: number;
  seenAt: number;
  troubles: KnownTrouble[];
};

/** What one run saw of one installation. */
export type Observation = {
  /** the homes that were looked at; an installation that could not be looked up has its name only */
  scope: string;
  /** null: the run as a whole */
  installation: string | null;
  /** they are there now */
  open: Trouble[];
  /** they were found, and dealt with in the same run */
  mended: Trouble[];
  /** something was put right or restarted */
  hasRepaired: boolean;
  /** whether this run would have found a trouble that it does not tell of */
  wouldFind: (trouble: Trouble) => boolean;
};

/** What an alert tells: that something broke, that it still is (`isAgain`), that it is over, or that it broke and was mended. */
export type Transition = {
  kind: IncidentKind;
  state: "open" | "over" | "mended";
  isAgain: boolean;
  incidentId: string;
  scope: string;
  installation: string | null;
  /** epoch ms */
  since: number;
  troubles: Trouble[];
};
