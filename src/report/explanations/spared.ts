import type { FindingKind } from "../../inspect/finding.ts";
import type { SparedReason } from "../../plan/plan.ts";
import type { Explanation } from "./explanation.ts";

const STOP = "Stop the gateway and run the same command again, or type /reset in that chat.";

/** Why something was left alone, as it stands under `spared`. Reasons that are findings too are told as such. */
export const SPARED_EXPLANATIONS = {
  personal: {
    summary: "a session of a person is not touched",
    what: "No registry binds it, and it is not in the bot's workspace, or its rows show that a person sat before it.",
    byHand: "To rotate it all the same: session-keeper rotate --session ID. For all of them: claude.personalSessions",
  },
  "personal-damaged": {
    summary: "a session of a person is broken, and mended only when its file is named",
    what: "Whoever works in it may be about to mend it with Claude Code's own means.",
    byHand: "session-keeper detect-corruption FILE --repair",
  },
  "personal-below-limit": {
    summary: "a session of a person is below claude.personalMaxSize",
    what: "Sessions of persons have a limit of their own, 50 MB unless you set it.",
    byHand: "session-keeper rotate --session ID --force",
  },
  unregistered: {
    summary: "no registry entry leads to a large transcript, so nothing makes it grow",
    what: "rotate shortens sessions that go on. This one does not.",
    byHand:
      "session-keeper validate-registry tells whether it was forgotten; session-keeper archive sees to it when it is idle.",
  },
  unsafe: {
    summary: "the file is none that may be changed safely",
    what: "A symbolic link, a file with several names (hard links), no plain file, or one in which nothing tells what it is. The message says which.",
    byHand: "Put an ordinary file in its place while the bot is stopped.",
  },
  "cut-refused": {
    summary: "a session cannot be cut at its last compaction",
    what: "Releases would not agree on what is left: a row behind the compaction hangs on one before it, or a row that it keeps is missing. The message says which.",
    byHand:
      "session-keeper detect-corruption FILE --repair may mend what is in the way. Without a compaction: session-keeper rotate --session ID --strategy digest --force",
  },
  "tail-too-large": {
    summary: "a cut would free little, so the session is left alone up to rotate.hardLimit",
    what: "Nearly all of it stands behind its last compaction, which is what the model is sent.",
    byHand:
      "/compact in that session, then session-keeper rotate. Or: session-keeper rotate --session ID --strategy digest --force",
  },
  "tail-kept": {
    summary: "a cut was asked for, and would free little",
    what: "Nearly all of it stands behind its last compaction, which is what the model is sent.",
    byHand: "session-keeper rotate --session ID --strategy digest --force",
  },
  "gateway-up": {
    summary: "the gateway runs, and the registry of its release has no lock",
    what: "OpenClaw from 2026.5 on keeps its registry in memory and writes over what others change in it.",
    byHand: STOP,
  },
  "registry-gateway-up": {
    summary: "the gateway runs, and its release does not share its registry",
    what: "OpenClaw from 2026.5 on keeps its registry in memory and writes over what others change in it.",
    byHand: STOP,
  },
  "idle-gateway-up": {
    summary: "an idle session stays while its gateway runs, because its release does not share its registry",
    what: "OpenClaw from 2026.5 on keeps its registry in memory and writes over what others change in it.",
    byHand: `${STOP} Or let the gateway do it: openclaw gateway call sessions.reset --params '{"key":"KEY"}'`,
  },
  unmendable: {
    summary: "what is broken in a session cannot be mended",
    what: "Without what is broken nothing of it would be left, or more would be broken than before. A session that the log condemns is given up then; this one is only told of.",
    byHand: "session-keeper rotate --session ID --strategy digest --force",
  },
  healthy: {
    summary: "a session that was named is neither too large nor condemned",
    what: "There is nothing that rotate would do with it by itself.",
    byHand: "session-keeper rotate --session ID --force",
  },
  "overdue-lock": {
    summary: "a lock is held for longer than a turn may take, and its owner lives",
    what: "See session-keeper explain held-lock",
    byHand: "openclaw gateway restart; if the lock is still there then, session-keeper clean-locks",
  },
  "filled-lock-directory": {
    summary: "a directory stands where a lock belongs, and something lies in it",
    what: "See session-keeper explain lock-directory",
    byHand: "Look into it with ls -la, and remove it by hand if no program needs it.",
  },
  "large-lock": {
    summary: "no program makes a lock of that size",
    what: "A lock holds a hundred bytes or so. This file may be somebody's data.",
    byHand: "Look what it is, and move it elsewhere.",
  },
  pinned: {
    summary: "the session is pinned, so it stays",
    what: "Somebody told OpenClaw to keep it.",
    byHand: "Unpin it in OpenClaw.",
  },
  "prunes-itself": {
    summary: "OpenClaw prunes it by itself",
    what: "session.maintenance.mode is enforce in openclaw.json. Two that prune by different rules would fight, so that part is left to it; what it is about to delete is copied first.",
    byHand: "Nothing is needed.",
  },
  referenced: {
    summary: "no entry leads to it, but one names it",
    what: "A checkpoint or another session refers to it, so it is not forgotten.",
    byHand: "Nothing is needed.",
  },
  "recovery-source": {
    summary: "it may be needed to mend something",
    what: "What it is a copy of is broken or gone.",
    byHand: "Mend that first: session-keeper validate-registry --repair, or session-keeper detect-corruption --repair",
  },
  "unknown-name": {
    summary: "nothing tells what the file is",
    what: "No program that is known gives names like that. It may be yours.",
    byHand: "Look at it, and remove it by hand if nobody needs it.",
  },
  "old-orphan": {
    summary: "a forgotten transcript is older than archive.inactiveFor",
    what: "It is not entered in the registry again, because nobody goes on with it.",
    byHand: "session-keeper archive puts it into the archive.",
  },
  "routed-elsewhere": {
    summary: "a session with the wrong agent is not moved without being asked",
    what: "See session-keeper explain stray-session",
    byHand: "session-keeper validate-registry --repair --resolve-strays",
  },
  unmovable: {
    summary: "a session with the wrong agent cannot go to the right one without losing or mixing something",
    what: "The registry of the right agent is broken or lost, a file of that name lies there, or what belongs to the session cannot be taken along. The sentence says which.",
    byHand: "Put that right; the next run with --resolve-strays moves it.",
  },
  "shared-on-disk": {
    summary: "two entries share a transcript, and only a person can tell whose it is",
    what: "See session-keeper explain shared-transcript",
    byHand: "Reset one of them in its chat (/reset).",
  },
  "restart-advised": {
    summary: "the gateway may still work with what it read before",
    what: "The registry was restored while the gateway ran.",
    byHand:
      "Restart it; or, with gateway.restart in the configuration: session-keeper validate-registry --repair --restart",
  },
  "no-restart-command": {
    summary: "the gateway was not restarted, because gateway.restart is not configured",
    what: "A session that the API had refused was changed. The gateway may hold what it read before.",
    byHand: "Restart it, and set gateway.restart for the next time.",
  },
  "restart-limit": {
    summary: "the gateway was not restarted, because it was restarted often enough",
    what: "gateway.maxRestarts within gateway.per were used up. A restart that comes again and again mends nothing.",
    byHand: "Look for what breaks the sessions: session-keeper detect-corruption",
  },
} satisfies Record<Exclude<SparedReason, FindingKind>, Pick<Explanation, "summary" | "what" | "byHand">>;
