/** VS Code's own colours where it shows the page; elsewhere those of the system's light or dark scheme. */
export const style = `
:root{color-scheme:light dark;--text:var(--vscode-foreground,CanvasText);--back:var(--vscode-editor-background,Canvas);--line:var(--vscode-panel-border,var(--vscode-contrastBorder,#8886));--good:var(--vscode-charts-green,#388a34);--bad:var(--vscode-charts-red,#c72e2e);--other:var(--vscode-descriptionForeground,#767676);--first:var(--vscode-charts-blue,#0063d3);--second:var(--vscode-charts-purple,#8a53c4);--third:var(--vscode-charts-orange,#b45f06)}
body{font:13px/1.5 var(--vscode-font-family,system-ui,sans-serif);color:var(--text);background:var(--back);max-width:1000px;margin:0 auto;padding:16px}
h1{font-size:1.5em;font-weight:600}h2{font-size:1.15em;font-weight:600;margin:1.6em 0 .4em}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:8px;margin:12px 0}
dl div{border:1px solid var(--line);border-radius:4px;padding:8px 10px}dt{color:var(--other)}dd{margin:0;font-size:1.25em;font-variant-numeric:tabular-nums}
table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:4px 8px;border-bottom:1px solid var(--line);font-weight:normal;font-variant-numeric:tabular-nums;white-space:nowrap}
.text{text-align:left}a{white-space:normal}thead th{color:var(--other)}
.scroll{overflow-x:auto;max-height:420px}.scroll:focus-visible,a:focus-visible{outline:1px solid var(--vscode-focusBorder,Highlight)}
a{color:var(--vscode-textLink-foreground,LinkText)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr));gap:0 32px}section{min-width:0}
.chart{position:relative;margin:10px 0 22px 64px;height:150px}.chart svg{display:block;width:100%;height:100%;overflow:visible}
.values span,.days span{position:absolute;color:var(--other);font-size:.85em;font-variant-numeric:tabular-nums;white-space:nowrap}.values span{right:100%;margin-right:8px;transform:translateY(-50%)}.days span{top:100%;transform:translateX(-50%)}
.legend{color:var(--other);margin:.3em 0}.grid{stroke:var(--line);vector-effect:non-scaling-stroke}
.good{fill:var(--good);color:var(--good)}.bad{fill:var(--bad);color:var(--bad)}.other{fill:var(--other);color:var(--other)}.first{fill:var(--first);color:var(--first)}.second{fill:var(--second);color:var(--second)}.third{fill:var(--third);color:var(--third)}
.line,.points{fill:none;stroke:currentColor;stroke-width:2;vector-effect:non-scaling-stroke;stroke-linecap:round}.points{stroke-width:6}.day{fill:transparent}.day:hover{fill:var(--text);fill-opacity:.08}
.share{display:inline-block;width:60px;height:8px;margin-right:8px;background:var(--line)}
li.critical strong{color:var(--vscode-errorForeground,var(--bad))}li.warning strong{color:var(--vscode-editorWarning-foreground,#bf8803)}
`;
