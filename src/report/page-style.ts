/** How the page of `status` looks: one column on a phone, cards side by side where there is room, light and dark. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--back:#f6f7f9;--card:#fff;--text:#1c2430;--dim:#5b6675;--edge:#dde2e9;--good:#1a7f4b;--near:#9a6700;--bad:#c02a2a;--line:#2b6cb0;--area:#2b6cb022;--track:#e6eaf0}
@media (prefers-color-scheme:dark){:root{--back:#12161c;--card:#1b212a;--text:#e6ebf2;--dim:#9aa7b8;--edge:#2c3542;--good:#4cc38a;--near:#e2b340;--bad:#ff7b72;--line:#79b8ff;--area:#79b8ff22;--track:#2c3542}}
*{box-sizing:border-box}
body{margin:0;padding:1rem;background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif}
header,main{max-width:72rem;margin:0 auto}
h1{font-size:1.4rem;margin:0}h2{font-size:1.2rem;margin:0 0 .25rem}h3{font-size:1rem;margin:1.25rem 0 .5rem}h4{font-size:.95rem;margin:0;overflow-wrap:anywhere}
header p,.about,.where{color:var(--dim);margin:.1rem 0 1rem}.where{margin:0;font-size:.9rem;overflow-wrap:anywhere}
section{background:var(--card);border:1px solid var(--edge);border-radius:.6rem;padding:1rem;margin-bottom:1rem}
.verdict{font-size:.8rem;text-transform:uppercase;letter-spacing:.05em;padding:.15rem .5rem;border-radius:1rem;border:1px solid currentColor;white-space:nowrap}
.healthy{color:var(--good)}.attention{color:var(--near)}.broken,.failed,p.error{color:var(--bad)}
.trouble{list-style:none;margin:0;padding:0}.trouble li{border-left:.25rem solid var(--near);padding:.1rem 0 .1rem .75rem;margin-bottom:.75rem}.trouble li.error{border-color:var(--bad)}.trouble p{margin:0}
code{font:.85em ui-monospace,monospace;overflow-wrap:anywhere}.remedy code{background:var(--back);padding:.1rem .4rem;border-radius:.3rem}
.sessions{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(20rem,100%),1fr));gap:.75rem}
article{border:1px solid var(--edge);border-radius:.5rem;padding:.75rem;min-width:0}article p{margin:.25rem 0;font-size:.9rem;color:var(--dim)}
.meter{height:.5rem;border-radius:.25rem;background:var(--track);overflow:hidden}.meter span{display:block;height:100%;background:var(--good)}.meter.near span{background:var(--near)}.meter.over span{background:var(--bad)}
.chart{margin:.6rem 0 0}.chart svg{display:block;width:100%;height:5rem}.chart figcaption{font-size:.8rem;color:var(--dim)}
.line{fill:none;stroke:var(--line);stroke-width:2;vector-effect:non-scaling-stroke}.area{fill:var(--area)}.limit{stroke:var(--bad);stroke-width:1;stroke-dasharray:4 3;vector-effect:non-scaling-stroke}
dl{margin:1rem 0 0}dl div{display:grid;grid-template-columns:minmax(7rem,10rem) 1fr;gap:.5rem;padding:.25rem 0;border-top:1px solid var(--edge)}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
@media (max-width:30rem){body{padding:.5rem}dl div{grid-template-columns:1fr;gap:0}}
`.trim();
