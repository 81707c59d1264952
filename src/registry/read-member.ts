import { endOfValue, findMembers, isObjectAt, type ObjectSpan } from "../json/json-text.ts";
import { fromByteText } from "./byte-text.ts";
import { convertName } from "./json5-scalar.ts";
import { convertJson5, skipJson5Space } from "./json5-value.ts";

/** A member of the registry that stands whole in a byte text. */
export type WholeMember = {
  key: string;
  /** Where its name begins. */
  at: number;
  valueAt: number;
  /** Behind its value. */
  end: number;
  /** The value as JSON: character by character as it stands there, unless it is JSON5. */
  json: string;
  isJson5: boolean;
  /** Some of its bytes are no UTF-8. */
  isReplaced: boolean;
};

/** As far as it could be read: its name, if that is whole. */
export type BrokenMember = { key?: string; at: number; failedAt: number };

/** Reads the member that begins at `at` of a byte text, where its name is expected. */
export function readMember(text: string, at: number): WholeMember | BrokenMember {
  const name = readName(text, at);
  if ("failedAt" in name) return { at, failedAt: name.failedAt };
  const { key } = name;
  const colonAt = skipJson5Space(text, name.end) ?? text.length;
  if (text[colonAt] !== ":") return { key, at, failedAt: colonAt };
  const valueAt = skipJson5Space(text, colonAt + 1) ?? text.length;
  const value = readValue(text, valueAt);
  if ("failedAt" in value) return { key, at, failedAt: value.failedAt };
  // The digits of a number that ends where the text ends may have gone on.
  if (value.end === text.length && /[\d.]/.test(text[value.end - 1] ?? "")) return { key, at, failedAt: value.end };
  const { text: json, isReplaced } = fromByteText(value.json);
  const { end, isJson5 } = value;
  return {
    key,
    at,
    valueAt,
    end,
    json,
    isJson5: isJson5 || name.isJson5,
    isReplaced: isReplaced || name.isReplaced,
  };
}

/** The members of a value that is an object; undefined for all other values. */
export function fieldsOf(json: string): ObjectSpan | undefined {
  return isObjectAt(json, 0) ? findMembers(json) : undefined;
}

/** A field of an entry; undefined as well when it isn't there. Of a repeated one, the last. */
export function readField(json: string, fields: ObjectSpan, name: string): unknown {
  const member = fields.members.findLast((field) => field.name === name);
  return member && JSON.parse(json.slice(member.valueAt, member.valueEnd));
}

function readName(text: string, at: number) {
  const strictEnd = text[at] === '"' ? endOfValue(text, at) : undefined;
  const name = strictEnd === undefined ? convertName(text, at) : { json: text.slice(at, strictEnd), end: strictEnd };
  if ("failedAt" in name) return name;
  const { text: json, isReplaced } = fromByteText(name.json);
  return { key: JSON.parse(json) as string, end: name.end, isReplaced, isJson5: strictEnd === undefined };
}

function readValue(text: string, valueAt: number) {
  const end = endOfValue(text, valueAt);
  // `0x1F` begins like a number of JSON: what stands behind decides.
  if (end !== undefined && !/^[\w.][\w$.]/.test(text.slice(end - 1, end + 1)))
    return { json: text.slice(valueAt, end), end, isJson5: false };
  const converted = convertJson5(text, valueAt);
  return "failedAt" in converted ? converted : { ...converted, isJson5: true };
}
