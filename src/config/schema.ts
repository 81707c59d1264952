import * as z from "zod";
import { defaults } from "./defaults.ts";
import { refusePattern } from "./patterns.ts";
import { duration as durations, type Quantity, readQuantity, size as sizes, tokens, writeQuantity } from "./units.ts";

// a configuration is checked once: to have code made and compiled for that takes longer than the check
z.config({ jitless: true });

/** A quantity as text, read at the leaf into bytes, milliseconds or tokens. */
function measured(quantity: Quantity) {
  const expected = `expected ${quantity.expected}`;
  return z
    .string({ error: expected })
    .meta({ pattern: quantity.shape.source })
    .transform((text, context) => {
      const value = readQuantity(quantity, text);
      if (value !== undefined) return value;
      context.issues.push({ code: "custom", message: expected, input: text });
      return z.NEVER;
    });
}

// The defaults go in as text (prefault), so that the JSON Schema shows them as a person writes them.
const size = (bytes: number, what: string) =>
  measured(sizes)
    .prefault(writeQuantity(sizes, bytes))
    .describe(`${what} A size: 2MB is 2,000,000 bytes, 2MiB is 2,097,152.`);
const duration = (ms: number, what: string) =>
  measured(durations).prefault(writeQuantity(durations, ms)).describe(`${what} A duration: 30s 5m 6h 5d.`);
const count = (least: number, value: number, what: string) => z.int().min(least).default(value).describe(what);

/** Text of a given shape; the shape's source goes into the JSON Schema. */
function text(shape: RegExp, expected: string) {
  return z.string({ error: `expected ${expected}` }).regex(shape, { error: `expected ${expected}` });
}

const path = text(/^~?\/[^\0]*$/, 'an absolute path, or one that starts with "~/"');
const webAddress = z.url({
  protocol: /^https?$/,
  error: "expected a web address that starts with https:// or http://",
});
/** What stands behind the # is not sent: it says which product's form a message has where the host does not tell. */
const webhook = webAddress.regex(/^[^#]*(#(slack|discord|ntfy|telegram))?$/, {
  error: "expected #slack, #discord, #ntfy, #telegram or nothing behind the address",
});
const program = z
  .array(text(/^[^\0]*$/, "text without NUL"), {
    error: 'expected a program and its arguments, such as ["systemctl", "restart", "jarvis"]',
  })
  .min(1)
  .refine(([name]) => name !== "", { error: "expected the name of a program first" });
const command = (what: string) =>
  program.nullable().default(null).describe(`${what} A program and its arguments; no shell.`);

const openclaw = z.strictObject({
  home: path.optional().describe("The state folder. Omitted: the default places."),
  version: text(/^(auto|\d{4}\.\d{1,2}\.\d{1,2}(-[\w.]+)?)$/, '"auto" or an OpenClaw version such as "2026.6.11"')
    .default("auto")
    .describe("The version that runs, where it cannot be found out."),
});

const claude = z.strictObject({
  home: path.optional().describe("The Claude Code folder. Omitted: the default place."),
  personalSessions: z
    .enum(["ignore", "cut", "all"])
    .default(defaults.installation.claude.personalSessions)
    .describe("What may happen to sessions that are not the bot's; \"all\": what happens to the bot's."),
  personalMaxSize: size(defaults.installation.claude.personalMaxSize, "Personal sessions above this are looked after."),
});

const gatewayDefaults = defaults.installation.gateway;
const gateway = z.strictObject({
  logs: z
    .array(
      text(
        /^(~?\/[^\0]+|journal:[\w@][\w@.:\\-]*)$/,
        'an absolute path or glob, one that starts with "~/", or "journal:UNIT"',
      ),
    )
    .nullable()
    .default(gatewayDefaults.logs)
    .describe("Paths, globs or journal:UNIT. Omitted: the gateway's default logs."),
  restart: command("Restarts the gateway. Omitted: never restart."),
  health: command("Succeeds when the gateway is well."),
  restartTimeout: duration(gatewayDefaults.restartTimeout, "How long a restart may take."),
  maxRestarts: count(0, gatewayDefaults.maxRestarts, "The most restarts within `per`."),
  per: duration(gatewayDefaults.per, "The time that maxRestarts counts in."),
});

const installation = z.strictObject({
  openclaw: z
    .union([z.literal(false), openclaw], { error: "expected false or an object" })
    .optional()
    .describe("false: this installation has no OpenClaw. Omitted: looked for in the default places."),
  claude: z
    .union([z.literal(false), claude], { error: "expected false or an object" })
    .optional()
    .describe("false: this installation has no Claude Code. Omitted: looked for in the default place."),
  workspace: text(/^(auto|~?\/[^\0]*)$/, '"auto", an absolute path, or one that starts with "~/"')
    .default(defaults.installation.workspace)
    .describe("Where the memory note goes."),
  memoryNote: z
    .union(
      [
        z.literal(false),
        text(
          /^(\{workspace\}|~)?\/(\{(workspace|date)\}|[^{}\0])+$/,
          'a path that starts with "{workspace}/", "/" or "~/", with no other placeholder than {workspace} and {date}',
        ),
      ],
      { error: "expected false or a path" },
    )
    .default(defaults.installation.memoryNote)
    .describe("The file that the memory note is appended to; false: none."),
  gateway: gateway.prefault({}),
  paths: z
    .record(text(/^\/[^\0]*$/, "an absolute path inside the container as the key"), path)
    .default({})
    .describe("Path inside a container -> path here."),
  foreignPids: z
    .union([z.literal("auto"), z.boolean()], { error: 'expected "auto", true or false' })
    .default(defaults.installation.foreignPids)
    .describe("Lock owners live in another pid namespace."),
});

const { rotate, corruption, locks, archive, registry, notify } = defaults;
const severity = z.enum(["info", "warning", "error"]);
const pattern = z.string().superRefine((source, context) => {
  const refusal = refusePattern(source);
  if (refusal !== undefined) context.addIssue({ code: "custom", message: refusal, input: source });
});
const tokenPair = ([warning, critical]: readonly [number, number]) =>
  z
    .tuple([measured(tokens), measured(tokens)], {
      error: 'expected a pair [warning, critical] such as ["100k", "150k"]',
    })
    .refine(([low, high]) => low <= high, { error: "expected the warning first, then the critical count" })
    .prefault([writeQuantity(tokens, warning), writeQuantity(tokens, critical)]);

/** The configuration file (JSON5). Input: as a person writes it. Output: bytes, milliseconds, tokens, every default filled in. */
export const configurationSchema = z.strictObject({
  installations: z
    .record(text(/^[^\s/-][^/\n\r\t\0]*$/, "a name without a slash that starts with no dash or space"), installation)
    .prefault({})
    .describe("Each bot or person, by name."),
  rotate: z
    .strictObject({
      maxSize: size(rotate.maxSize, "A larger transcript is oversized."),
      hardLimit: size(rotate.hardLimit, "A transcript that cannot be cut is left alone up to this."),
      quietFor: duration(rotate.quietFor, "A session written to within this time is in use."),
      strategy: z
        .enum(["auto", "cut", "digest", "empty"])
        .default(rotate.strategy)
        .describe("How an oversized session is shortened."),
      keepArchives: count(1, rotate.keepArchives, "How many archives of each lineage to keep."),
      digestSize: size(rotate.digestSize, "The whole file that digest leaves."),
      summarize: command("Writes the summary for a digest."),
    })
    .prefault({}),
  corruption: z
    .strictObject({
      window: duration(corruption.window, "How far the first look into a log goes back."),
      signatures: z
        .array(z.strictObject({ name: text(/\S/, "a name"), pattern, severity }))
        .default([...corruption.signatures])
        .describe("More lines to find in gateway logs; severity error condemns the session that the line names."),
      ignore: z
        .array(pattern)
        .default([...corruption.ignore])
        .describe("Log lines to leave alone (regular expressions)."),
    })
    .prefault({}),
  locks: z
    .strictObject({
      minAge: duration(locks.minAge, "An unreadable or empty lock younger than this stays."),
      unknownOwnerAge: duration(locks.unknownOwnerAge, "A lock whose owner cannot be looked up stays for this long."),
    })
    .prefault({}),
  archive: z
    .strictObject({
      directory: path.nullable().default(archive.directory).describe("null: session-archives in each home."),
      inactiveFor: duration(archive.inactiveFor, "A session idle for longer is archived."),
      leftoversAfter: duration(archive.leftoversAfter, "Leftovers older than this are removed."),
      keep: z
        .strictObject({
          last: count(0, archive.keep.last, "The newest archives."),
          within: duration(archive.keep.within, "All archives younger than this."),
          daily: count(0, archive.keep.daily, "One a day, for so many days."),
          weekly: count(0, archive.keep.weekly, "One a week, for so many weeks."),
          monthly: count(0, archive.keep.monthly, "One a month, for so many months."),
          maxBytes: size(archive.keep.maxBytes, "A ceiling over the other rules."),
        })
        .prefault({}),
      beforeClaudeSweep: duration(archive.beforeClaudeSweep, "How long before Claude Code's own sweep to copy."),
    })
    .prefault({}),
  registry: z
    .strictObject({
      transcriptWarn: size(registry.transcriptWarn, "A larger transcript is reported."),
      tokens: z
        .strictObject({
          group: tokenPair(registry.tokens.group).describe("Of groups, channels and threads."),
          dm: tokenPair(registry.tokens.dm).describe("Of direct messages."),
          main: tokenPair(registry.tokens.main).describe("Of an agent's main session."),
        })
        .prefault({})
        .describe("[warning, critical] by kind of session."),
      keepBackups: count(1, registry.keepBackups, "How many backups of a registry to keep."),
    })
    .prefault({}),
  notify: z
    .strictObject({
      command: command("Gets the message."),
      webhook: webhook
        .nullable()
        .default(notify.webhook)
        .describe(
          "Gets the message. The form is chosen by the host, or by #slack, #discord, #ntfy or #telegram behind it.",
        ),
      on: z
        .array(z.enum(["corruption", "failure", "repair"]))
        .default([...notify.on])
        .describe("What is worth a message."),
      repeatAfter: duration(notify.repeatAfter, "The same trouble is told again after this time."),
    })
    .prefault({}),
  ping: z
    .strictObject({ url: webAddress.nullable().default(null).describe("Called at start, success and failure.") })
    .prefault({}),
  metrics: z
    .strictObject({
      textfile: path.nullable().default(null).describe("Metrics for Prometheus, rewritten by each run."),
    })
    .prefault({}),
  log: z
    .strictObject({
      file: path.nullable().default(null).describe("JSON lines of what runs did; its folder has to be there."),
      level: z
        .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
        .default(defaults.log.level)
        .describe("What the log leaves out: everything below this."),
    })
    .prefault({}),
});

export type Configuration = z.output<typeof configurationSchema>;
export type InstallationConfiguration = Configuration["installations"][string];

/** What may stand in the file, for editors and for finding the known keys. Draft 7, which every editor understands. */
export function configurationJsonSchema() {
  return z.toJSONSchema(configurationSchema, { io: "input", target: "draft-7" });
}
