import type { FindingKind } from "../../inspect/finding.ts";
import type { Explanation } from "./explanation.ts";

const FORCE =
  "The emergency, once the gateway is stopped: session-keeper clean-locks --force --yes. With the gateway at work it would let two programs write into one session.";

/** The gateway's locks on sessions and registries. */
export const LOCK_EXPLANATIONS = {
  "stale-lock": {
    summary: "a lock was left behind by a process that is gone",
    what: "A program is to remove its lock (SESSION.jsonl.lock, sessions.json.lock) when it is done. This one was killed before, so that nobody will: its process is gone, or its number belongs to another one by now, or nothing readable stands in the lock.",
    effect:
      "The session, or all of the agent's sessions where it is the registry's lock, may wait for it in vain: messages are not answered, and every model seems to fail.",
    keeper:
      "`clean-locks` removes it. It looks at the owner, not at the age; a lock that is taken anew in that very moment is put back.",
    byHand:
      "session-keeper clean-locks, and with --dry-run to see it first. Deleting locks by their age is what lets two programs write into one session.",
    back: "A lock holds nothing that could be missed; it is not put back by an undo.",
  },
  "held-lock": {
    summary: "a lock is held by a process that lives",
    what: "A turn is running in that session, or the registry is just being written. As a warning it has been held for longer than a turn may take (its maxHoldMs, else 30 minutes; a registry: 30 seconds): that turn seems to hang.",
    effect: "None while the turn runs. When it hangs, further messages into that session wait and fail.",
    keeper:
      "It stays. Nothing takes a lock from a program that lives, except `clean-locks --force`. Sessions in use wait for the next run.",
    byHand:
      "A turn that hangs lets go when its gateway is restarted: openclaw gateway restart. If the lock is still there then: session-keeper clean-locks",
    back: "Nothing goes.",
  },
  "undecidable-lock": {
    summary: "nobody can tell whether a lock still protects something",
    what: "The lock's owner cannot be looked up from here: the gateway lives in a container, so that its process numbers mean nothing on this host, or the lock may not be read by this user.",
    effect: "Perhaps none; if its owner is gone, the session waits for it in vain.",
    keeper:
      "`clean-locks` goes by age there: by locks.unknownOwnerAge (30 minutes) or the lock's own maxHoldMs, whichever is longer. Until then it stays. With foreignPids (auto, true or false) you can say how it is.",
    byHand: `Run it as the user that the gateway runs as. ${FORCE}`,
    back: "A lock holds nothing that could be missed.",
  },
  "lock-directory": {
    summary: "a directory stands where a lock belongs",
    what: "Another tool made a directory SESSION.jsonl.lock or sessions.json.lock, as some lock libraries do (proper-lockfile), and was killed. OpenClaw makes its locks as files.",
    effect:
      "In most releases every turn of that session fails at once (EISDIR); with sessions.json.lock every write of the registry does, up to 2026.4.29.",
    keeper:
      "`clean-locks` removes an empty one that is older than locks.minAge. One that holds something stays, with --force too.",
    byHand:
      "Look what lies in it (ls -la), find out which tool made it, and remove it by hand if nobody needs it. Do not use such a library on these files.",
    back: "An empty directory holds nothing.",
  },
} satisfies Partial<Record<FindingKind, Explanation>>;
