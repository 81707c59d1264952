import type { FindingKind } from "../../inspect/finding.ts";
import type { Explanation } from "./explanation.ts";

const REPAIR = "session-keeper validate-registry --repair";
const SEE_FIRST = "To see it first: session-keeper validate-registry --repair --dry-run";
const UNDO =
  "A copy of the registry (sessions.json.bak-TIME) is laid beside it first, and session-keeper restore undo RUN takes the changes back.";
const ERA_F3 =
  "From 2026.5 on OpenClaw takes no lock on its registry: there it waits until the gateway is stopped, and the message says so.";

/** Registries (`sessions.json`) against files, bindings and limits. */
export const REGISTRY_EXPLANATIONS = {
  "broken-registry": {
    summary: "sessions.json cannot be read, or is gone",
    what: "The registry, which says which conversation goes on in which transcript, is empty, broken off, full of NUL bytes, no JSON, or holds a key twice; or it is gone, while copies of it or transcripts are there. A power cut, a full disk, an edit by hand or a write that was killed leaves it so.",
    effect:
      "The gateway takes it for an empty one and, with the next message, writes a new one over it: all users of that agent begin anew, although their transcripts are still there.",
    keeper: `${REPAIR} restores it from what is left of its own text, from writes that broke off, from copies beside it and from the transcripts, the newest of each key. Until then no command empties a session that it may bind.`,
    byHand: `Be quick: before the next message comes in. ${SEE_FIRST}. In a hurry, stop the gateway first: nothing is written over it then.`,
    back: `${UNDO} What could not be saved is named; each transcript is still there and is entered again as unregistered-transcript.`,
  },
  "unregistered-transcript": {
    summary: "no registry entry leads to a transcript",
    what: "The transcript is there, and sessions.json has forgotten it: two writes at once, a registry that was put back from an old copy, or a crash between the two files.",
    effect: "After the gateway's next start its user has lost the conversation: the next message begins a new one.",
    keeper: `${REPAIR} enters it again, with key, channel, model and time from the transcript, what lies beside it and older copies of the registry. What nothing tells is not guessed, and a key that is taken is never overwritten. One that is older than archive.inactiveFor is left to \`archive\`.`,
    byHand: `${SEE_FIRST}. ${ERA_F3}`,
    back: UNDO,
  },
  "missing-transcript": {
    summary: "a registry entry leads to no transcript",
    what: "The entry names a transcript that is not there: it was deleted by hand or by a script, or its disk is not mounted. A home that has vanished altogether makes nothing missing.",
    effect: "The bot has forgotten that conversation, and in some releases the next message fails.",
    keeper: `${REPAIR} gives the entry a fresh start as by /reset, with route, model and toggles kept; that of a cron run, a hook or a subagent goes.`,
    byHand:
      "Look for the transcript first: session-keeper restore list --session ID, and for copies (.deleted, .reset, .bak) in its folder. Once it is at its place again, nothing is missing.",
    back: `${UNDO} What the transcript held is in an archive, if there is one: session-keeper restore get ID --full --to all.jsonl`,
  },
  "null-transcript-path": {
    summary: "a registry entry has no path where its transcript's ought to be",
    what: "The entry's sessionFile is null or empty. No release writes it so: an edit by hand, or another tool.",
    effect: "Some releases fail on it; others begin a new conversation.",
    keeper: `${REPAIR} drops the field, so that the gateway looks at the usual place again, and leaves every other character as it is.`,
    byHand: `${SEE_FIRST}. ${ERA_F3}`,
    back: UNDO,
  },
  "corrupt-entry": {
    summary: "a registry entry holds fields that no release writes so",
    what: "A field has the wrong type or form: no session id, a time that is no number, a text where an object belongs. Usually an edit by hand or another tool.",
    effect:
      "Depends on the field: the route of answers, the model, or the session's age may be wrong, or the entry is ignored.",
    keeper: `${REPAIR} drops or corrects the bad fields and leaves all others. The path of a file that is there stays, wherever that lies. An entry goes only if nothing leads to a transcript and it is of a cron run, a hook or a subagent.`,
    byHand: `${SEE_FIRST}. ${ERA_F3}`,
    back: UNDO,
  },
  "stale-binding": {
    summary: "the registry binds a Claude Code session that is not there",
    what: "An entry says that its conversation goes on in a Claude Code session (cliSessionBindings, cliSessionIds, claudeCliSessionId), and that session's file is gone or holds no rows.",
    effect: 'Every message fails with "No conversation found with session ID".',
    keeper: `\`rotate\` and ${REPAIR} clear the binding, all three fields in one write, so that the next message starts a fresh session. Where a newer field names another session, only the older field goes. Only where that Claude Code folder could be read.`,
    byHand: `Type /reset in that chat. ${ERA_F3}`,
    back: "The session's lines, if they were archived: session-keeper restore get ID --full --to all.jsonl. To go on in it, put the file back to where it was before the next message comes in.",
  },
  "duplicate-session": {
    summary: "several agents have a session for one conversation",
    what: "The same person or group has a session with more than one agent, usually since the bindings in openclaw.json were changed. One of them gets its messages; the others are what was before.",
    effect: "The bot seems to have forgotten what was said to the other agent.",
    keeper:
      "It is told only. With --resolve-strays the sessions of agents that do not get the messages go into the archive, and their entries go. If the agent that gets them has no session yet, the newest of the others goes to it.",
    byHand:
      "First see which agent gets the messages (the finding says so). Then: session-keeper validate-registry --repair --resolve-strays --dry-run, and the same without --dry-run.",
    back: UNDO,
  },
  "stray-session": {
    summary: "a session lies with an agent that does not get its messages",
    what: "By the bindings in openclaw.json the messages of this conversation go to another agent than the one that has the session. Where a binding depends on something that the entry does not tell, nothing is said.",
    effect: "The session never goes on, and its agent's cron runs or heartbeats may still speak from it.",
    keeper:
      "It is told only. With --resolve-strays it goes to the other agent, with its transcript, its traces and its entry; a copy goes into the archive. Where the other agent has a session of its own, or a Claude Code session belongs to another workspace, it goes into the archive only.",
    byHand:
      "Is the binding what you want? Then: session-keeper validate-registry --repair --resolve-strays. Otherwise correct the bindings in openclaw.json.",
    back: UNDO,
  },
  "shared-transcript": {
    summary: "two registry entries lead to one transcript",
    what: "Two keys name the same session or file: an entry was copied by hand, or a key was renamed and the old one stayed.",
    effect: "What one person says is read to the other: each conversation goes on in the same file.",
    keeper: "It is told only, because which of the two it belongs to cannot be told from here.",
    byHand:
      "Reset one of them in its chat (/reset); the other goes on. To see what the transcript holds first: session-keeper restore get ID",
    back: "Nothing goes.",
  },
  "tokens-warning": {
    summary: "a session's context is above the first limit of registry.tokens",
    what: "The context that is sent with each turn holds more tokens than the first limit: 50k for groups, 100k for direct chats, 150k for the main session, unless you set registry.tokens.",
    effect: "Turns get slower and dearer; a compaction is near.",
    keeper: "`validate-registry` tells it and changes nothing.",
    byHand: "Type /compact in that chat, or /reset if it may begin anew.",
    back: "Nothing goes.",
  },
  "tokens-critical": {
    summary: "a session's context is above the second limit of registry.tokens",
    what: "The context holds more tokens than the second limit: 150k for groups and direct chats, 200k for the main session, unless you set registry.tokens.",
    effect:
      'The model\'s window is nearly full: turns fail with "prompt is too long", or a compaction comes at a bad moment and loses much.',
    keeper: "`validate-registry` tells it and changes nothing. `rotate` shortens by size, not by tokens.",
    byHand:
      "Type /compact in that chat. Does it fail, leave a digest of the session: session-keeper rotate --session ID --strategy digest --force. To begin anew: /reset",
    back: "session-keeper restore get ID --full --to all.jsonl gives all that a shortened session ever held.",
  },
  "bloated-registry": {
    summary: "much of sessions.json is copies that need not be in it",
    what: "Entries hold copies of prompts, skills and reports that the gateway makes anew whenever it needs them. With many sessions they are most of the file.",
    effect: "The gateway writes the whole file at each turn; with tens of megabytes every turn waits for it.",
    keeper: "It is told only.",
    byHand:
      "Fewer entries make it smaller: session-keeper archive, and OpenClaw's own openclaw sessions cleanup. Newer releases keep these copies elsewhere.",
    back: "Nothing goes.",
  },
} satisfies Partial<Record<FindingKind, Explanation>>;
