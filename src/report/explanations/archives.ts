import type { FindingKind } from "../../inspect/finding.ts";
import type { Explanation } from "./explanation.ts";

/** What is idle, left over or about to be deleted, and what became of archives. */
export const ARCHIVE_EXPLANATIONS = {
  "idle-session": {
    summary: "nothing has happened in a session for archive.inactiveFor",
    what: "Its last row, its file's time and its registry entry are all older than archive.inactiveFor (5 days unless you set it), nothing has it open, and it is not pinned.",
    effect: "None but the space, and a slower start of the gateway when there are thousands.",
    keeper:
      "`archive` puts it into the archive, with what lies beside it, reads that back, and removes the file. The entry gets a fresh start as by /reset; that of a cron run, a hook or a subagent goes. A session of a person stays.",
    byHand:
      "For another time: session-keeper archive --inactive-for 30d --dry-run. To keep one for good, pin it in OpenClaw.",
    back: "session-keeper restore undo RUN brings sessions and entries back. One of them: session-keeper restore get ID --full --to all.jsonl",
  },
  leftover: {
    summary: "a file that programs left behind",
    what: "What a deleted or reset session held (.deleted, .reset), copies from before a repair or a compaction, writes that broke off, prompts that no entry names. The message says which.",
    effect: "None but the space.",
    keeper:
      "`archive` removes what is older than archive.leftoversAfter (7 days); what holds history is archived first. Names that no known program gives, and .bak files of yours, stay.",
    byHand: "Nothing is needed. To see what would go: session-keeper archive --dry-run --verbose",
    back: "session-keeper restore undo RUN, or out of the archive: session-keeper restore list --reason leftover",
  },
  "sweep-ahead": {
    summary: "Claude Code is about to delete a session",
    what: "At its start Claude Code deletes every transcript that was not changed for cleanupPeriodDays (30 unless set), with all that lies beside it. This one is due within archive.beforeClaudeSweep (3 days), and there is no copy of it.",
    effect: "Without a copy the session is gone for good.",
    keeper:
      "`archive` copies it, whosever it is, and leaves it where it is. Where somebody set cleanupPeriodDays on purpose, it does not. A shorter period in the .claude/settings.json of a workspace holds for all folders as soon as Claude Code starts in there, so it is expected for all of them.",
    byHand:
      "Run it now: session-keeper archive. To have them kept for longer: cleanupPeriodDays in Claude Code's settings.json.",
    back: "After the sweep: session-keeper restore get ID --full --to all.jsonl",
  },
  "archives-too-large": {
    summary: "the archives are above archive.keep.maxBytes, and each is a last copy",
    what: "Retention lets archives go by archive.keep, and never the last copy of a session. What is left is larger than the ceiling that you set (5 GB unless you set it).",
    effect: "The disk fills up further.",
    keeper: "`archive` tells it and keeps them.",
    byHand:
      "Move old archives to another place, or raise archive.keep.maxBytes, or have archives on another volume with archive.directory. They are plain gzip files; what is moved away is no longer found by restore.",
    back: "Nothing goes.",
  },
  "unverified-archive": {
    summary: "an archive is gone, or does not hold what was put into it",
    what: "The catalog says how long an archive is and what its SHA-256 is. The file is missing, cannot be read, or holds something else: a bad disk, a copy that broke off, or somebody's edit.",
    effect: "What it held may be lost. The live sessions are not touched by that.",
    keeper: "session-keeper restore verify finds it. No older archive is let go in its favour. It is left where it is.",
    byHand:
      "See what can still be read: zcat ARCHIVE. Put it back from your backup if you have one, then: session-keeper restore verify. Look at the disk (smartctl, journalctl -k).",
    back: "Other archives of that session: session-keeper restore list --session ID",
  },
  "missing-archive": {
    summary: "a session's history goes back to an archive that is not there any more",
    what: "A session that was cut several times has several archives, each of which names the one before. One of them was let go by rotate.keepArchives or archive.keep, or was moved away.",
    effect: "What is given begins behind it.",
    keeper:
      "session-keeper restore get ID --full gives all that there is, and says on stderr what is missing (exit code 1).",
    byHand:
      "Bring the archive back to its place from your backup, if you have one, and ask again. To keep more: rotate.keepArchives and archive.keep.",
    back: "Only from a backup of the archive folder.",
  },
  "damaged-catalog": {
    summary: "the list of archives lacked some, or could not be read",
    what: "catalog.jsonl, which lies beside the archives, was lost, broken off or edited; or archives were copied into the folder by hand.",
    effect: "None for the bot. Archives that are not in the list would not be found.",
    keeper:
      "Each command that needs it reads the archives themselves and goes on with what they hold; a run that changes something enters it. Files that are no sound archives of ours are named, and left alone.",
    byHand: "Nothing is needed. To have all of them checked: session-keeper restore verify",
    back: "The list is made of the archives anew; nothing of theirs is lost with it.",
  },
  "not-undone": {
    summary: "an undo left something as it is",
    what: "An undo puts back only what is still as the run left it. Something stands in the way: a message that came since, a later run, a session in use. Or it is of a kind that nobody can undo: a restart, a lock that was removed, an archive that was let go (info).",
    effect: "The session stays as it is now, whole.",
    keeper: "Nothing, until you ask again. The archive of what was there before stays.",
    byHand:
      "The message says what is in the way: undo the later run first, or wait for the session. A session that is in use, too: session-keeper restore undo RUN --yes",
    back: "What was there before the run can always be read: session-keeper restore get ID --full --to all.jsonl",
  },
} satisfies Partial<Record<FindingKind, Explanation>>;
