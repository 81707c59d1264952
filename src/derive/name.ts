import { optional } from "../json/optional.ts";

const TOPIC = /^(.+?)-topic-([^/]+)\.jsonl$/;
const FORK = /^\d{4}-\d\d-\d\dT[\d.-]+Z?_(.+)\.jsonl$/;
const PLAIN = /^(.+)\.jsonl$/;
/** What every release takes for an id, and for a part of a file's name. */
const SESSION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * What a transcript's name says: `<id>.jsonl`, `<id>-topic-<topic>.jsonl`, or `<time>_<id>.jsonl` for a fork. The header's id
 * only tells whether the whole name is one: it is another in a copy that somebody made. Pure.
 */
export function nameOf(fileName: string, headerId: string | undefined): { sessionId?: string; topic?: string } {
  const whole = PLAIN.exec(fileName)?.[1];
  const topicName = whole === headerId ? null : TOPIC.exec(fileName);
  const id = whole === headerId ? whole : ((topicName ?? FORK.exec(fileName))?.[1] ?? whole);
  return {
    ...(id !== undefined && SESSION_ID.test(id) ? { sessionId: id } : {}),
    ...optional("topic", decoded(topicName?.[2])),
  };
}

function decoded(topic: string | undefined): string | undefined {
  try {
    return topic === undefined ? undefined : decodeURIComponent(topic);
  } catch {
    return topic;
  }
}
