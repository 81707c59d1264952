import { expect, test } from "vitest";
import { html } from "../../src/report/html.ts";

test("texts are escaped, in content and in attributes", () => {
  expect(html`<p title="${`"><script>`}">${"a<b & 'c'"}</p>`.html).toBe(
    '<p title="&quot;&gt;&lt;script&gt;">a&lt;b &amp; &#39;c&#39;</p>',
  );
});

test("pieces, and lists of them, are put in as they are; numbers too", () => {
  expect(html`<ul>${["a", "<"].map((text) => html`<li>${text}</li>`)}</ul>${2}`.html).toBe(
    "<ul><li>a</li><li>&lt;</li></ul>2",
  );
});
