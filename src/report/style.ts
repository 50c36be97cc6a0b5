/** How a page looks: on light, on dark, narrow and on paper. Its colours are data, so that their contrast can be computed. */

/** Colours of one ground. `soft` lies under every other row of a table and under cards. */
export interface Ground {
  readonly ground: string;
  readonly soft: string;
  readonly ink: string;
  /** Notes and small print. */
  readonly quiet: string;
  readonly link: string;
  /** Borders, which carry no meaning. */
  readonly line: string;
  /** Edge of a card, by how far it may be believed. */
  readonly good: string;
  readonly poor: string;
  readonly unchecked: string;
}

export const grounds: Readonly<Record<'light' | 'dark', Ground>> = {
  light: {
    ground: '#ffffff',
    soft: '#f3f4f6',
    ink: '#1a1b1e',
    quiet: '#4b4f58',
    link: '#0b4fb3',
    line: '#c9ccd3',
    good: '#17703a',
    poor: '#a34700',
    unchecked: '#5f6470',
  },
  dark: {
    ground: '#121317',
    soft: '#1d1f25',
    ink: '#ececee',
    quiet: '#b4b7c0',
    link: '#8fbaff',
    line: '#43464f',
    good: '#4cc27a',
    poor: '#f0954a',
    unchecked: '#9a9eaa',
  },
};

function variables(of: Ground): string {
  return Object.entries(of)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';');
}

export const css = `
:root{color-scheme:light dark;${variables(grounds.light)}}
@media (prefers-color-scheme:dark){:root{${variables(grounds.dark)}}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0 auto;padding:1rem;max-width:60rem;font:16px/1.5 "DejaVu Sans",system-ui,sans-serif;background:var(--ground);color:var(--ink);overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:.25rem 0 .75rem}h2{font-size:1.3rem;line-height:1.3;margin:3rem 0 .75rem;border-top:3px solid var(--line);padding-top:1rem}h3{font-size:1.1rem;margin:2.25rem 0 .25rem}h4{font-size:1rem;margin:2rem 0 .25rem}
code,pre{font:.875em "DejaVu Sans Mono",ui-monospace,monospace}pre{white-space:pre-wrap;background:var(--soft);padding:.5rem .75rem;border-radius:4px;margin:.5rem 0}
a{color:var(--link)}:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--ground);padding:.5rem;z-index:1}
.lead{margin:.5rem 0}
nav ul{list-style:none;padding:0;margin:.75rem 0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;font-size:.9rem}
.glance{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.75rem;margin:1.25rem 0;padding:0;list-style:none}
.glance li{background:var(--soft);border-left:5px solid var(--line);border-radius:4px;padding:.6rem .8rem}
.glance .good{border-color:var(--good)}.glance .poor{border-color:var(--poor)}.glance .unchecked{border-color:var(--unchecked)}
.glance p{margin:0;font-size:.85rem}.glance p.q{color:var(--quiet)}.glance p.a{font-size:1.15rem;font-weight:bold;line-height:1.3;margin:.15rem 0 .3rem}
dl{margin:1rem 0;display:grid;grid-template-columns:10rem 1fr;gap:.5rem 1rem}dt{font-weight:bold}dd{margin:0}
figure{margin:.5rem 0}figcaption{margin:0 0 .75rem}svg{display:block;max-width:100%;height:auto}
.narrow{display:none}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:4px;margin:.5rem 0}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}caption{text-align:left;font-weight:bold;padding:.4rem .6rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-top:1px solid var(--line);overflow-wrap:normal}
thead th{border-top:0;vertical-align:bottom}tbody tr:nth-child(even){background:var(--soft)}
td:first-child:not(.n){min-width:9rem}td{min-width:3rem;max-width:26rem}.n{text-align:right;white-space:nowrap}thead .n{white-space:normal}
.note,.meta{font-size:.85rem;color:var(--quiet);margin:.25rem 0}.nothing{font-style:italic}
.stack table{width:100%}.stack td:last-child{max-width:none}
@media screen and (min-width:801px){.stack td:not(.n){min-width:8rem}}
.tip{position:fixed;z-index:2;background:var(--ground);border:1px solid var(--line);border-radius:4px;padding:.3rem .5rem;font-size:.8rem;pointer-events:none;max-width:20rem}.brushed{max-height:20rem;overflow-y:auto}
details{margin:.25rem 0 1rem}summary{cursor:pointer;font-size:.9rem}
.n a{color:inherit;text-decoration-style:dotted;text-underline-offset:.2em}.ev,.kind{margin:.5rem 0}.kind>.ev{margin-left:1rem}.ev>div{scroll-margin-top:3rem}.ev>div:target{border-left:4px solid var(--link);padding-left:.6rem;outline:none}.ev:has(:target)>summary{font-weight:bold}
.events table{font-size:.75rem}.events tbody tr:nth-child(even){background:none}.events td{white-space:nowrap}.events td:first-child{min-width:0;text-align:right}.events th[colspan]{background:var(--soft)}.events td:last-child{font-family:"DejaVu Sans Mono",ui-monospace,monospace;max-width:none;white-space:nowrap}
@media screen and (max-width:800px){.wide{display:none}.narrow{display:block}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.75rem}body{padding:.75rem;font-size:15px}.stack table,.stack caption,.stack tbody,.stack tr,.stack td{display:block}.stack thead{display:none}.stack tr{border-top:1px solid var(--line);padding:.4rem .6rem}.stack td,.stack td:first-child:not(.n){border:0;padding:.1rem 0;min-width:0;max-width:none;text-align:left;white-space:normal;overflow-wrap:anywhere}.stack td::before{content:attr(data-of) ": ";font-weight:bold}.stack td:empty{display:none}.stack td:first-child::before{content:none}.scroll:not(.stack):not(.events) td:first-child,.scroll:not(.stack):not(.events) th:first-child{position:sticky;left:0;background:var(--ground)}.scroll:not(.stack):not(.events) tbody tr:nth-child(even) td:first-child{background:var(--soft)}}
@media print{:root{color-scheme:light;${variables(grounds.light)}}body{max-width:none;font-size:11pt}.wide{display:block}.narrow,nav,.skip,.evidence{display:none}figure,tr,.glance li{break-inside:avoid}h2,h3,h4{break-after:avoid}.scroll{overflow:visible;border:0}table{font-size:7.5pt}th,td{padding:.15rem .3rem}summary{display:none}details::details-content{content-visibility:visible;block-size:auto}}
`;
