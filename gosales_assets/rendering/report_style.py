"""How the page of a list looks: on a wide screen, on a telephone, on paper."""

# Contrast of text is 7 to 1 and above, that of marks 3 to 1 and above (WCAG 2.2).
STYLE = """
:root{color-scheme:light;--ink:#1b1f24;--quiet:#4b5560;--line:#d5dae0;--soft:#f3f6f9;--paper:#fff;
--accent:#0b57b0;--accent-soft:#dce9f8;--warn:#7a4b00;--warn-soft:#fff4dc;--bad:#8e1b14;--bad-soft:#fdeae8}
*{box-sizing:border-box}
html{scroll-padding-top:3.5rem;-webkit-text-size-adjust:100%}
body{margin:0;color:var(--ink);background:var(--paper);font:15px/1.5 system-ui,-apple-system,"Segoe UI",
Roboto,"Helvetica Neue",Arial,"Noto Sans",sans-serif}
header,main,footer{max-width:82rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.75rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .35rem;letter-spacing:-.01em}
h2{font-size:1.25rem;line-height:1.3;margin:2.75rem 0 .75rem;padding-top:.75rem;border-top:2px solid var(--ink)}
h3{font-size:1.02rem;margin:1.5rem 0 .4rem}
h4,h5,h6{font-size:.95rem;margin:1.1rem 0 .3rem}
p{margin:.4rem 0;max-width:75ch}
.quiet,small,dt{color:var(--quiet)}
.quiet{font-size:.9rem}
a{color:var(--accent)}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.5rem;z-index:9}
nav{position:sticky;top:0;background:var(--paper);border-bottom:1px solid var(--line);z-index:5}
nav ul{max-width:82rem;margin:0 auto;padding:0 1.25rem;list-style:none;display:flex;gap:1.4rem;overflow-x:auto}
nav a{display:block;padding:.7rem 0;text-decoration:none;white-space:nowrap;font-weight:600}
nav a:hover{text-decoration:underline}
.banner{max-width:none;padding:.6rem .9rem;border-left:4px solid;border-radius:3px;margin:.6rem 0}
.banner.info{border-color:var(--accent);background:var(--accent-soft)}
.banner.warning{border-color:#b97400;background:var(--warn-soft)}
.banner.warning strong{color:var(--warn)}
.banner.failure{border-color:var(--bad);background:var(--bad-soft)}
.banner.failure strong{color:var(--bad)}
.facts{display:flex;flex-wrap:wrap;gap:.75rem 2.25rem;margin:1rem 0}
.facts dt{font-size:.85rem}
.facts dd{margin:0;font-size:1.2rem;font-weight:600;font-variant-numeric:tabular-nums}
.filters{display:flex;flex-wrap:wrap;gap:.6rem .9rem;align-items:end;margin:1rem 0 .5rem;padding:.85rem;
background:var(--soft);border-radius:6px}
.filters div{display:flex;flex-direction:column;gap:.15rem;flex:1 1 9rem;min-width:0}
.filters .wide{flex-grow:2}
.filters .buttons{flex-direction:row;gap:.6rem;flex:1 0 auto}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
label{font-size:.85rem;color:var(--quiet)}
select,input,button{font:inherit;color:var(--ink);min-height:2.5rem;padding:.3rem .55rem;border:1px solid #6d7783;
border-radius:4px;background:var(--paper);width:100%;min-width:0}
button{width:auto;cursor:pointer;font-weight:600}
button.main{background:var(--accent);border-color:var(--accent);color:#fff}
button:hover{border-color:var(--ink)}
#count{font-weight:600;max-width:none}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem}
th.n,td.n{text-align:right}
td.n{white-space:nowrap}
caption{text-align:left;font-size:.95rem;padding:.3rem 0;font-weight:600;color:var(--ink)}
.plain th,.plain td{border-bottom:1px solid var(--line)}
.plain thead th{border-bottom:2px solid var(--ink)}
.plain tbody th{font-weight:400}
.plain td{overflow-wrap:anywhere;min-width:4rem}
.plain tbody th{min-width:7rem}
.scroll{overflow-x:auto;max-width:100%;margin:1rem 0}
#list table{width:100%;table-layout:fixed}
#list thead th{position:sticky;top:2.9rem;background:var(--paper);border-bottom:2px solid var(--ink);font-size:.88rem;
line-height:1.3;z-index:2}
#list thead small{display:block;font-weight:400}
#list tbody td,#list tbody th{border-bottom:1px solid var(--line);overflow-wrap:anywhere;font-weight:400}
#list tbody tr:hover{background:var(--soft)}
#list td b,#list th b{font-weight:600}
#list td small,#list th small{display:block;font-size:.83rem;line-height:1.35}
.c-rank{width:4.2rem}.c-customer_name{width:19%}.c-division_name{width:9.5rem}.c-grade{width:4.6rem}
.c-p_icp{width:9rem}.c-ev{width:9.5rem}.c-rep{width:8rem}
.sort{all:unset;cursor:pointer;font-weight:700;display:block}
.sort:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.sort:hover{text-decoration:underline}
[aria-sort] .sort::after{content:"  \\2195";color:var(--quiet)}
[aria-sort=ascending] .sort::after{content:"  \\2191";color:var(--accent)}
[aria-sort=descending] .sort::after{content:"  \\2193";color:var(--accent)}
.g{display:inline-block;min-width:1.7rem;text-align:center;font-weight:700;border-radius:4px;
border:1px solid var(--line)}
.gA{background:#0b57b0;border-color:#0b57b0;color:#fff}
.gB{background:#bcd6f3;border-color:#8db8e6}
.gC{background:#e3eefa;border-color:#bcd6f3}
#list svg{display:block;margin:.15rem 0;width:112px;height:9px}
#list path{stroke:#6d7783;stroke-width:2;fill:none}
#list circle{cy:4px;r:3.5px;fill:var(--accent)}
.l{display:none}
.more-rows{margin:1rem 0}
details{border:1px solid var(--line);border-radius:6px;margin:.6rem 0;padding:0 .9rem}
summary{cursor:pointer;padding:.6rem 0;font-weight:600}
.model{border-bottom:1px solid var(--line);padding-bottom:.75rem}
figure{margin:1.1rem 0}
figcaption{font-weight:600;font-size:.95rem;color:var(--ink);margin-bottom:.3rem}
.chart{display:block;width:100%;max-width:52rem;min-width:36rem;height:auto;font-size:13px}
.chart .grid{stroke:var(--line)}
.chart .bar{fill:#a9b4c0}
.chart .marked{fill:var(--accent)}
.chart .interval{stroke:var(--ink);stroke-width:2}
.chart text{fill:var(--ink)}
.chart .tick{text-anchor:middle;fill:var(--quiet);font-size:12px}
.chart .name{text-anchor:end}
.picture img{max-width:none;height:auto;display:block}
footer{padding-bottom:3rem}
@media screen{#list tr.later{display:none}}
@media screen and (max-width:52rem){
header,main,footer,nav ul{padding-left:.9rem;padding-right:.9rem}
h1{font-size:1.4rem}
nav ul{gap:1.1rem}
.filters div{flex-basis:calc(50% - .5rem)}
.filters .wide{flex-basis:100%}
#list thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.filters .buttons button{flex:1}
#list table,#list tbody{display:block}
#list tbody tr{display:grid;grid-template-columns:2.6rem 1fr 1fr;gap:.15rem .7rem;padding:.75rem 0;
border-bottom:1px solid var(--line)}
#list tbody tr[hidden]{display:none}
#list tbody td,#list tbody th{border:0;padding:0;display:block;text-align:left;min-width:0}
#list .c-rank{grid-row:1/span 9;width:auto;color:var(--quiet);font-weight:700}
#list .c-customer_name,#list .c-nba_reason{grid-column:2/-1;width:auto}
#list .c-customer_name b{font-size:1.05rem}
#list .c-division_name,#list .c-grade,#list .c-p_icp,#list .c-ev,#list .c-rep{width:auto}
.l{display:inline;color:var(--quiet);font-size:.83rem}
}
@media print{
@page{size:A4 landscape;margin:12mm}
html{font-size:11px}
body{font-size:8.5pt;line-height:1.35}
p{max-width:none}
body.one-rep .c-rep{display:none}
header,main,footer{max-width:none;padding:0}
nav,.filters,.skip,.more-rows{display:none!important}
.sort::after{content:""!important}
h2{break-after:avoid;margin-top:1.2rem}
#list h2{display:none}
#count{font-size:13pt;margin:.6rem 0}
#list thead{display:table-header-group}
#list thead th{position:static}
#list tbody tr,.model,figure,details{break-inside:avoid}
.scroll{overflow:visible}
a{color:inherit;text-decoration:none}
body.one-rep section:not(#list),body.one-rep .for-all{display:none}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
"""
