import { formatDuration, formatSize } from "../config/units.ts";
import type { SessionStatus } from "../status/status.ts";
import { chart } from "./chart.ts";
import type { InstallationReport, ReportDocument, ReportedFinding } from "./document.ts";
import { atAGlance, type Glance, openTrouble } from "./glance.ts";
import { type Html, html } from "./html.ts";
import { remedyFor } from "./mending.ts";
import { PAGE_STYLE } from "./page-style.ts";

/** By this a page of ours is known. */
export const PAGE_BEGINS = "<!doctype html><!-- session-keeper status -->";

/** So many sessions have charts. */
const CHARTED = 12;

/** The report of `status` as one page that needs nothing else: no script, no font, no picture from anywhere. */
export function statusPage(report: ReportDocument): string {
  const { host, startedAt, version, installations } = report;
  const nowMs = Date.parse(startedAt);
  const page = html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="color-scheme" content="light dark"><title>session-keeper on ${host}</title><style>${{ html: PAGE_STYLE }}</style></head><body><header><h1>Sessions on ${host}</h1><p>${startedAt.slice(0, 19).replace("T", " ")} UTC, session-keeper ${version}</p></header><main>${installations.map((one) => installationSection(one, nowMs))}</main></body></html>
`;
  return `${PAGE_BEGINS}${page.html}`;
}

function installationSection(installation: InstallationReport, nowMs: number): Html {
  const { name, status, findings, failure } = installation;
  const glance = atAGlance(installation, nowMs);
  const open = openTrouble(findings);
  return html`<section><h2>${name} <span class="verdict ${glance.verdict}">${glance.verdict}</span></h2>${
    failure ? html`<p class="error">${failure.message}. ${failure.hint}</p>` : html``
  }${glance.about === "" ? html`` : html`<p class="about">${glance.about}</p>`}${troubleTable(open, nowMs)}${status ? sessionTable(status.sessions.fullest, nowMs) : html``}${factList(glance)}</section>`;
}

function troubleTable(open: readonly ReportedFinding[], nowMs: number): Html {
  if (open.length === 0) return html``;
  const rows = open.map((finding) => {
    const { severity, kind, message, sessionKey, sessionId, path, line, since } = finding;
    const where = sessionKey ?? sessionId ?? path ?? "";
    const age = since === undefined ? "" : `, for ${formatDuration(Math.max(0, nowMs - Date.parse(since)))}`;
    return html`<li class="${severity}"><p>${message} <code>${kind}</code></p><p class="where">${where}${line === undefined ? "" : `, line ${line}`}${age}</p><p class="remedy"><code>${remedyFor(finding, "")}</code></p></li>`;
  });
  return html`<h3>What is wrong</h3><ul class="trouble">${rows}</ul>`;
}

function sessionTable(sessions: readonly SessionStatus[], nowMs: number): Html {
  if (sessions.length === 0) return html``;
  return html`<h3>Sessions, the fullest first</h3><div class="sessions">${sessions.map((session, index) => sessionCard(session, index < CHARTED, nowMs))}</div>`;
}

function sessionCard(session: SessionStatus, isCharted: boolean, nowMs: number): Html {
  const { sessionKey, sessionId, bytes, limitBytes, tokens, lastAt, inUse, reachesLimitAt, history, owner } = session;
  const name = sessionKey ?? `${owner === "personal" ? "personal session" : "session"} ${sessionId}`;
  const ends = reachesLimitAt === undefined ? "" : `, full in ${formatDuration(Date.parse(reachesLimitAt) - nowMs)}`;
  const sizes = isCharted
    ? chart({
        name: "size",
        points: [...history.map(({ at, bytes: value }) => ({ at, value })), { at: nowMs, value: bytes }],
        ...(limitBytes === null ? {} : { limit: limitBytes }),
        tell: formatSize,
      })
    : undefined;
  const counted = history.flatMap(({ at, tokens: value }) => (value === undefined ? [] : { at, value }));
  const counts =
    isCharted && tokens
      ? chart({
          name: "tokens",
          points: [...counted, { at: nowMs, value: tokens.count }],
          limit: tokens.critical,
          tell: (count) => `${Math.round(count / 1000)}k`,
        })
      : undefined;
  return html`<article><h4>${name}</h4><p>${formatSize(bytes)}${limitBytes === null ? "" : ` of ${formatSize(limitBytes)}`}${ends}; last written ${formatDuration(Math.max(0, nowMs - Date.parse(lastAt)))} ago${inUse ? "; in use" : ""}</p>${limitBytes === null ? html`` : meter(bytes, limitBytes, limitBytes)}${
    tokens
      ? html`<p>${Math.round(tokens.count / 1000)}k of ${Math.round(tokens.critical / 1000)}k tokens</p>${meter(tokens.count, tokens.warning, tokens.critical)}`
      : html``
  }${sizes ?? html``}${counts ?? html``}</article>`;
}

function meter(value: number, warning: number, limit: number): Html {
  const percent = Math.min(100, Math.round((value / limit) * 100));
  const state = value > limit ? "over" : value > warning ? "near" : "below";
  return html`<div class="meter ${state}" role="img" aria-label="${percent} percent"><span style="width:${percent}%"></span></div>`;
}

function factList({ facts }: Glance): Html {
  return html`<dl>${facts.map(({ name, text }) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>`;
}
