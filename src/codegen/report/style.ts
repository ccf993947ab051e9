/** The whole look of the report: one column, light and dark, prints well. */
export const STYLE = `
:root{--ink:#1c2330;--dim:#667085;--line:#d9dee7;--soft:#f5f7fa;--page:#fff;--good:#0b7a43;--bad:#b42318;--warn:#9a6700;--link:#1756c4;--key:#7a2aa0;--str:#186a3b;--num:#a04a00}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ef;--dim:#98a2b3;--line:#343c4a;--soft:#1d232d;--page:#14181f;--good:#4cc38a;--bad:#ff8a80;--warn:#e0b050;--link:#7fb0ff;--key:#d09bf0;--str:#7fce9d;--num:#f0a870}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1080px;padding:24px 20px 80px;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:26px;margin:0 0 2px}h2{font-size:19px;margin:36px 0 10px;border-bottom:1px solid var(--line);padding-bottom:4px}h3{font-size:15px;margin:18px 0 6px}
a{color:var(--link)}nav{margin:10px 0 0;color:var(--dim)}nav a{margin-right:14px;text-decoration:none}
.lead{font-size:17px;margin:14px 0}.dim,.gone{color:var(--dim)}.gone{font-size:13px}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:12px 0}.facts dt{color:var(--dim)}.facts dd{margin:0;overflow-wrap:anywhere}
.seal{display:inline-block;border:1px solid;border-radius:4px;padding:2px 10px;font-weight:600}.seal.ok{color:var(--good)}.seal.no{color:var(--bad)}
.wide{overflow-x:auto;margin:0 0 14px}table{border-collapse:collapse;font-size:13.5px;min-width:50%}th{text-align:left;color:var(--dim);font-weight:600}td,th{padding:4px 12px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
code,pre{font:13px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace}code{background:var(--soft);padding:1px 4px;border-radius:3px;overflow-wrap:anywhere}
pre{background:var(--soft);border:1px solid var(--line);border-radius:4px;padding:10px 12px;overflow-x:auto;margin:6px 0;white-space:pre}
pre.out{background:none;border-style:dashed;max-height:420px;overflow:auto}pre.err{color:var(--bad)}
i.c{color:var(--dim)}i.s{color:var(--str);font-style:normal}i.n{color:var(--num);font-style:normal}b.k{color:var(--key);font-weight:500}b.d{font-weight:700}b.f{color:var(--link);font-weight:600}
.v{border-radius:3px;padding:0 6px;font-size:12.5px;border:1px solid var(--line)}.v.score{color:var(--good);border-color:var(--good)}.v.train{color:var(--link)}.v.drop{color:var(--dim)}.v.failed{color:var(--bad);border-color:var(--bad)}
.cell{margin:18px 0}.no{font-size:12.5px;color:var(--dim)}img{max-width:100%}img.out{display:block;margin:6px 0;background:#fff}iframe.out{width:100%;border:1px dashed var(--line);background:#fff;margin:6px 0}
.md{margin:14px 0}.md h1{font-size:21px}.md h2{border:0;font-size:18px;margin:16px 0 6px}.warn{color:var(--warn)}
@media print{nav{display:none}pre{white-space:pre-wrap}pre.out,iframe.out{max-height:none}}
`;
