import type { FindingKind } from "../../inspect/finding.ts";
import type { Explanation } from "./explanation.ts";

/** What the gateway's log tells of sessions. */
export const LOG_EXPLANATIONS = {
  "rejection-logged": {
    summary: "the API refuses a conversation, so the bot is silent in it",
    what: "The gateway's log, the transcript itself or an error that you pasted tells that the API refused the conversation (tool_use_id and tool_result, ids that are not unique, no valid JSON). Every further turn sends the same conversation, and is refused again.",
    effect: "The bot does not answer in this session until the broken lines are out.",
    keeper:
      "`rotate` condemns the session that the line names: it is mended; where nothing is seen to be broken, it goes back to the last reply that was finished; if that was tried before, it is given up for a digest. Then the gateway is restarted once, if gateway.restart says how. A line that names no session condemns only where just one session can be meant. A line older than a later reply condemns nothing.",
    byHand:
      "See which session and which line: session-keeper detect-corruption --error 'THE LINE FROM THE LOG'. Is it clear which session it is? session-keeper rotate --session ID --strategy digest --force",
    back: "session-keeper restore undo RUN puts the session back as it was, which is still one that is refused. To read what it held: session-keeper restore get ID",
  },
  "crash-logged": {
    summary: "Claude Code ended a turn with an error",
    what: 'The log holds a FailoverError with "is_error":true, or an error of Claude Code on reading a transcript. As info it is a passing trouble of the vendor: a limit, a login that has expired, overload, the network.',
    effect:
      "This turn failed. A session that is broken fails in every turn; after a passing trouble the next turn works.",
    keeper:
      "`rotate` treats it as a rejection where the line tells of no passing trouble: the session that it names is looked at, mended, or taken back to its last finished reply. A passing trouble changes nothing. Wordings of your own: corruption.signatures and corruption.ignore.",
    byHand:
      "Read the gateway's log around the time that is told. For a passing trouble: see the vendor's status page, your limits, and log in again where the login has expired.",
    back: "session-keeper restore undo RUN puts back what a run changed because of it.",
  },
  "lock-timeout-logged": {
    summary: "the gateway waited in vain for a session's lock",
    what: 'OpenClaw locks a session while a turn runs. The log says "session file locked": another turn held the lock for longer than the gateway waits (10 seconds, 60 in releases from 2026.5 on).',
    effect: "The message that came in was not answered. With several models configured each of them seems to fail.",
    keeper:
      "`clean-locks` removes the lock if its owner is gone. A lock that a live process holds is told, with process and time, and stays.",
    byHand:
      "Who holds which lock: session-keeper clean-locks --dry-run --verbose. A turn that hangs in the gateway itself lets go when the gateway is restarted: openclaw gateway restart",
    back: "Nothing goes.",
  },
  "session-missing-logged": {
    summary: "a session that was to be resumed is not there",
    what: 'Claude Code was told to resume a session ("No conversation found with session ID") whose file is gone or holds no rows: it was deleted by hand, by a script, or by Claude Code\'s own sweep after 30 days.',
    effect: "Each message into that chat fails as long as the registry binds the missing session.",
    keeper:
      "session-keeper validate-registry --repair clears such a binding (see session-keeper explain stale-binding), so that the next message starts a fresh session. `archive` copies a session before Claude Code's sweep deletes it.",
    byHand: "Type /reset in that chat.",
    back: "See whether there is an archive of it: session-keeper restore list --session ID. Its whole history: session-keeper restore get ID --full --to all.jsonl",
  },
  "repair-logged": {
    summary: "a program mended a session's file or lock by itself",
    what: "OpenClaw or Claude Code logged that it dropped lines that it could not read, removed a lock that was left behind, or gave up compacting a file.",
    effect: "The session goes on. What was dropped is missing from the conversation.",
    keeper: "It is told and nothing is done about it. `detect-corruption` says whether something is still broken.",
    byHand:
      "If it comes again and again, look for the cause: kills for lack of memory (journalctl -k, search for oom), a full disk (df -h), two programs in one session.",
    back: "OpenClaw leaves a copy beside the file (.bak-…), as it was before its own repair, which `archive` keeps as a leftover.",
  },
} satisfies Partial<Record<FindingKind, Explanation>>;
