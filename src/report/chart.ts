import { type Html, html } from "./html.ts";

/** What a chart shows. `at`: epoch ms. `limit`: a line across it. `tell`: a value in words. */
export type Series = {
  name: string;
  points: readonly { at: number; value: number }[];
  limit?: number;
  tell: (value: number) => string;
};

const [WIDTH, HEIGHT, TOP, LEFT] = [320, 96, 14, 2];
/** A picture with fewer tells nothing. */
const FEWEST_POINTS = 2;

/** A line over time, drawn to be read on a small screen; undefined where there is too little to show. */
export function chart({ name, points, limit, tell }: Series): Html | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (points.length < FEWEST_POINTS || !first || !last || last.at === first.at) return undefined;
  const highest = Math.max(...points.map(({ value }) => value), 1);
  const top = limit !== undefined && limit < highest * 4 ? Math.max(highest, limit) : highest;
  const x = (at: number) => LEFT + ((at - first.at) / (last.at - first.at)) * (WIDTH - 2 * LEFT);
  const y = (value: number) => HEIGHT - 1 - (value / top) * (HEIGHT - TOP - 1);
  // a session stays as large as it was until it was seen to be another size
  const line = points
    .map(({ at, value }, index) =>
      index === 0 ? `M${round(x(at))} ${round(y(value))}` : `H${round(x(at))}V${round(y(value))}`,
    )
    .join("");
  const area = `${line}V${HEIGHT}H${LEFT}Z`;
  const limitLine =
    limit !== undefined && limit <= top
      ? html`<line class="limit" x1="0" x2="${WIDTH}" y1="${round(y(limit))}" y2="${round(y(limit))}"/>`
      : html``;
  const told = `${name}: ${tell(last.value)}, at most ${tell(highest)} since ${dayOf(first.at)}`;
  return html`<figure class="chart"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${told}" preserveAspectRatio="none"><path class="area" d="${area}"/><path class="line" d="${line}"/>${limitLine}</svg><figcaption>${told}</figcaption></figure>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}
