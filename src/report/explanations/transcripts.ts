import type { FindingKind } from "../../inspect/finding.ts";
import type { DamageKind } from "../../structure/damage.ts";
import type { Explanation } from "./explanation.ts";

const MENDED =
  "`rotate` mends it in sessions of the bot. session-keeper detect-corruption --repair mends it in every session of the bot, and in a file that is named, whosever it is. The original goes into the archive first, every other line stays byte for byte, and where the mended copy would show anything that was not there before, nothing is changed.";
const UNDO =
  "The run that mended it ends with a line that undoes it: session-keeper restore undo RUN. The file as it was is also in the archive: session-keeper restore list --session ID";
const NO_HAND =
  "Nothing is needed. To see it first, without any change: session-keeper detect-corruption FILE. Do not edit the file by hand while the bot runs: both programs append to it at any time.";

/** Damage in a transcript. What which release does with it stands in `structure/effects.ts`, and is told from there. */
export const DAMAGE_EXPLANATIONS = {
  "missing-header": {
    summary: "a transcript of OpenClaw does not begin with its header",
    what: "The first line of OpenClaw's transcripts says which session it is (type session). Here something else stands first: a crash, a full disk or a tool that cut the file took the line away.",
    effect:
      "The whole conversation is at stake: older releases take such a file for an empty one at their next start and write over it.",
    keeper: `${MENDED} The header is put first again: the one that stands later in the file or in a copy beside it, else a new one with the session's id.`,
    byHand:
      "Be quick rather than tidy: session-keeper detect-corruption FILE --repair, before the gateway starts the next time. It waits while the session is in use; stop the gateway if it does.",
    back: `${UNDO}. Did the gateway empty the file already? Then look for an archive of it, and for copies beside it (.bak, .reset, .deleted).`,
  },
  "orphaned-result": {
    summary: "the result of a tool whose call is not sent with it",
    what: "Each result of a tool (tool_result) has to follow its call (tool_use). Here the call is gone or is not sent: a compaction took it away, a turn ended in an error, or the row with the call was lost.",
    effect:
      "The API answers every further turn with error 400 (unexpected `tool_use_id` found in `tool_result` blocks), so that the bot goes silent in this session until the result is out.",
    keeper: `${MENDED} The result is taken out; of a row in which nothing is left, the row, and what hung on it hangs on the row before.`,
    byHand:
      "Nothing is needed. In Claude Code itself /rewind goes back to before the broken turn; /clear and /reset give up the whole conversation, which is not needed.",
    back: UNDO,
  },
  "unanswered-call": {
    summary: "a call of a tool without its result",
    what: "The bot called a tool and the result never came into the file: the process was killed, or the row was lost. In the last turn it is no damage: the tool may still be running.",
    effect:
      "The model does not learn what came of the call. Releases that send the call as it stands are refused with error 400 (`tool_use` ids were found without `tool_result` blocks).",
    keeper: `${MENDED} The call is taken out, never one of the last turn, and no result is made up.`,
    byHand: NO_HAND,
    back: UNDO,
  },
  "duplicate-call": {
    summary: "the same call of a tool stands a second time",
    what: "Two rows hold a call with the same id. Two processes wrote into one session, or a program wrote rows again that it had read.",
    effect: "Older releases send both, and the API refuses every turn (`tool_use` ids must be unique).",
    keeper: `${MENDED} The second one is taken out.`,
    byHand:
      "Look whether two programs go on with one session, such as a bot and you with claude --resume: each of them writes what the other does not know.",
    back: UNDO,
  },
  "duplicate-result": {
    summary: "the result of a call stands a second time",
    what: "Two rows hold a result for the same call. Two processes wrote into one session, or rows were written again after a resume.",
    effect: "Older releases send both, and the API refuses every turn of the session.",
    keeper: `${MENDED} The second one is taken out.`,
    byHand: NO_HAND,
    back: UNDO,
  },
  "broken-line": {
    summary: "a line of the transcript is no row",
    what: "The line is no JSON, or no JSON object, or a message that does not say whose it is. Usually a write was broken off by a kill or a full disk, and the next one went on behind it.",
    effect:
      "The row is lost to the bot, and in many releases all that stands before it, or behind it, is lost with it: the bot forgets and does not say so.",
    keeper: `${MENDED} The line is taken out, and the chain of rows is closed over the gap. A line above 64 MiB that is no row is left where it is.`,
    byHand: "Is the disk full? df -h tells. Otherwise nothing is needed.",
    back: `${UNDO}. What the broken line held is in the archive, as it was.`,
  },
  "glued-line": {
    summary: "several rows stand on one line",
    what: "A write ended without its newline, and the next row was written behind it. It happens after a kill, and when two processes write at once.",
    effect: "Programs read the line as one row, and fail: the rows on it are lost to the conversation.",
    keeper: `${MENDED} Each whole row gets a line of its own; a part that broke off is taken out.`,
    byHand: NO_HAND,
    back: UNDO,
  },
  "nul-run": {
    summary: "NUL bytes stand in the transcript",
    what: "A power cut or a crash of the host left zeros where text was to be; or a program that does not append went on writing where it had been, after another one had shortened the file.",
    effect:
      "The row on that line is lost to most releases, and often what stands before or behind it: the bot forgets.",
    keeper: `${MENDED} The NUL bytes are taken out and the row behind them stays.`,
    byHand:
      "If the host did not crash, look for a script that empties or truncates transcripts while the bot runs, and stop it.",
    back: UNDO,
  },
  "torn-tail": {
    summary: "the last row breaks off",
    what: "The file ends in the middle of a row: the writing process was killed, or the disk was full. A row that is just being written looks the same, so a fresh one is waited for.",
    effect: "The row itself is lost, and in many releases the next row, too, because it is written on the same line.",
    keeper: `${MENDED} What broke off is taken out.`,
    byHand: "Is the disk full? df -h tells. Otherwise nothing is needed.",
    back: `${UNDO}. The part of the row that was written is in the archive.`,
  },
  "broken-chain": {
    summary: "a row hangs on one that is gone, and hides all before it",
    what: "Every row names the one before it. Here that one is missing: it was lost, or a tool shortened the file without closing the gap.",
    effect:
      "The bot goes on as if the conversation began here. All before it is still in the file, and is not sent any more.",
    keeper: `${MENDED} The row is hung on the row before it in the file.`,
    byHand: "Look for another script that cuts transcripts: it makes the next one like this.",
    back: UNDO,
  },
  straggler: {
    summary: "a row behind the last compaction hangs on one before it",
    what: "After a compaction a row was written that goes on from before it: by a second /compact in one process, by a rewind across the compaction, or by a second process that had not heard of it.",
    effect:
      "Releases do not agree what is sent: with some the summary is missing, with others the rows before it. The bot may forget much at once; it does not fail.",
    keeper:
      "It is told and left as it is, because no form of the file is read alike by all releases. A session with stragglers behind its last compaction is not cut there; `rotate` tries the compaction before, then a digest.",
    byHand:
      "Let the bot compact once more (/compact in that session): all that is sent stands behind the new compaction. Or give the session up but for what matters: session-keeper rotate --session ID --strategy digest --force",
    back: "All rows are still in the file. Of one that was shortened: session-keeper restore get ID --full --to all.jsonl",
  },
  "lone-surrogate": {
    summary: "half a character stands in a text",
    what: "A character outside the usual 65,536 (such as an emoji) consists of two halves. A text was cut between them, usually the output of a tool.",
    effect: "The request is refused as no valid JSON (no low surrogate in string), and every further turn with it.",
    keeper: `${MENDED} The half is replaced by U+FFFD, the sign for a character that was lost.`,
    byHand: NO_HAND,
    back: UNDO,
  },
  "blank-text": {
    summary: "a message of the user is blank",
    what: "A message holds no text, or only blanks: an empty message of a channel, or a picture whose text was taken out.",
    effect: "Some providers refuse the whole request because of it; others ignore it.",
    keeper: `${MENDED} The row is taken out.`,
    byHand: NO_HAND,
    back: UNDO,
  },
} satisfies Record<DamageKind, Explanation>;

/** The size of a transcript. */
export const SIZE_EXPLANATIONS = {
  oversized: {
    summary: "a transcript is larger than rotate.maxSize",
    what: "The file has grown beyond rotate.maxSize (2 MB unless you set it). Programs read all of it, or much of it, for each resume.",
    effect:
      "Each turn starts later; with some tens of megabytes turns time out, and the bot goes silent. It is info, not a warning, for a session of a person, and for one whose size is all behind its last compaction up to rotate.hardLimit.",
    keeper:
      "`rotate` shortens sessions of the bot: it cuts at the last compaction, so that the model is sent the very same messages as before; where that cannot be done it leaves a digest from which the same session goes on. All that goes is archived and read back first. Other commands only tell it.",
    byHand:
      "To see what would be done, and why: session-keeper rotate --dry-run --verbose. A session of a person is shortened only when it is named: session-keeper rotate --session ID. /compact in the session makes the next cut free more.",
    back: "Every line the session ever had, once and in order: session-keeper restore get ID --full --to all.jsonl. To put the file back as it was: session-keeper restore undo RUN",
  },
  growing: {
    summary: "a transcript will be larger than rotate.maxSize before long",
    what: "The session is above half of rotate.maxSize, and at its present growth it reaches it within three days. The message says when.",
    effect: "Nothing yet.",
    keeper: "`archive` tells it. `rotate` shortens the session when it is too large.",
    byHand:
      "Nothing is needed while rotate runs from cron. A session that grows fast often prints large tool outputs again and again.",
    back: "Nothing goes.",
  },
  "large-transcript": {
    summary: "a transcript is larger than registry.transcriptWarn",
    what: "The transcript that a registry entry leads to is above registry.transcriptWarn (500 KB unless you set it): an early sign, far below rotate.maxSize.",
    effect: "Turns begin to start later.",
    keeper: "`validate-registry` tells it; `rotate` acts from rotate.maxSize on.",
    byHand: "Nothing is needed. To shorten it now: session-keeper rotate --session ID --force",
    back: "Nothing goes.",
  },
} satisfies Partial<Record<FindingKind, Explanation>>;
