import type { StepKind } from "../../plan/plan.ts";
import type { Explanation } from "./explanation.ts";

/** The steps of a run, as they stand under `actions`, in the journal and in what an undo tells. */
export const ACTION_EXPLANATIONS = {
  "archive-transcript": {
    summary: "a session's lines are copied into the archive",
    what: "What is about to go is compressed beside its final name, synced, read back and compared by hash, and only then gets its name. Nothing is ever replaced, and bytes that are in the archive already are not archived again.",
    back: "An archive is plain gzip of the very bytes: zcat ARCHIVE. To find it: session-keeper restore list --session ID",
  },
  "append-note": {
    summary: "the bot is told in its memory which files a session changed",
    what: "A few lines with the changed files and the archive's name are added to memory/DATE.md in the bot's workspace, once for each archive. Where: memoryNote in the configuration; false leaves it out.",
    back: "session-keeper restore undo RUN takes the text out again.",
  },
  "edit-registry": {
    summary: "one entry of sessions.json is changed",
    what: "A binding is cleared, an entry gets a fresh start as by /reset, is corrected, entered or taken out. It is done under the gateway's own lock, which is held for moments; every other byte of the file stays.",
    back: "session-keeper restore undo RUN puts the entry back.",
  },
  "restore-registry": {
    summary: "a sessions.json that is broken or gone is put together again",
    what: "In reports it stands as edit-registry. It is made of what is left of its own text, of writes that broke off, of copies beside it and of the transcripts: of each key the newest.",
    back: "session-keeper restore undo RUN puts the broken file back, or takes the new one away where there was none. A copy of the broken one (sessions.json.bak-TIME) lies beside it.",
  },
  "cut-transcript": {
    summary: "a session is cut at its last compaction, and goes on as it is",
    what: "All that the compaction left behind goes from the file, once it is archived. The session id stays, and a resume sends the model the very same messages. It may be done while the bot writes.",
    back: "session-keeper restore undo RUN puts it back; lines that came since stay at the end.",
  },
  "digest-transcript": {
    summary: "a short transcript takes the place of a long one",
    what: "Under the same id the session goes on with the last compaction's summary, open todos, changed files, the last requests and the last reply, word for word from the original, which is archived.",
    back: "session-keeper restore undo RUN, as long as no message came since. To read the original: session-keeper restore get ID",
  },
  "empty-transcript": {
    summary: "a session is emptied, so that the bot begins a fresh one",
    what: "All of it is archived, the registry's fields that name it are cleared, and the file of Claude Code stays at its place without rows. Only on request (--strategy empty), or where no digest can be made.",
    back: "session-keeper restore undo RUN, as long as no message came since.",
  },
  "repair-transcript": {
    summary: "what is broken in a transcript is taken out or put right",
    what: "Only what is broken is changed, and every other line stays byte for byte. The original is archived first. The mended copy is looked at again before it takes the file's place: if anything is found that was not there before, nothing is changed.",
    back: "session-keeper restore undo RUN puts the file back as it was.",
  },
  "remove-transcript": {
    summary: "a session's file is removed, once it is archived",
    what: "After the archive is verified and the registry entry no longer leads to it, the file goes, with what lies beside it.",
    back: "session-keeper restore undo RUN brings it back, entry included.",
  },
  "remove-leftover": {
    summary: "a file that programs left behind is removed",
    what: "What deleted or reset sessions left, old copies, writes that broke off. What holds history is archived first.",
    back: "session-keeper restore undo RUN",
  },
  "remove-lock": {
    summary: "a lock is removed whose owner is proven gone",
    what: "The lock is renamed, looked at again, and only then deleted; one that was taken anew in between is put back.",
    back: "A lock holds nothing that could be missed. It is not put back by an undo.",
  },
  "prune-archive": {
    summary: "an archive is let go, because there are enough newer ones",
    what: "Each command lets go of its own archives only: rotate by rotate.keepArchives, archive by archive.keep. The last copy of a session, and the segments of one that still goes on, stay.",
    back: "It is deleted, and not undone. To keep more: raise rotate.keepArchives or archive.keep.",
  },
  "restart-gateway": {
    summary: "the gateway is restarted, because a session that the API refused was changed",
    what: "Once in a run, with gateway.restart from the configuration, after live turns were waited for, followed by gateway.health; not more often than gateway.maxRestarts within gateway.per. A size alone never restarts it.",
    back: "A restart is not undone.",
  },
} satisfies Record<StepKind, Pick<Explanation, "summary" | "what" | "back">>;
