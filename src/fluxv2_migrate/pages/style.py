"""How pages and notebooks look: light and dark, wide and narrow, on paper."""

from __future__ import annotations

from typing import Final

_LIGHT: Final = (
    "--ink:#1b1f24;--soft:#57606a;--paper:#fff;--shade:#f4f6f8;--line:#d0d7de;--link:#0550ae;"
    "--bad:#a40e26;--bad-shade:#ffebe9;--warn:#7d4e00;--warn-shade:#fff8c5;--info:#0550ae;"
    "--info-shade:#ddf4ff;--good:#116329;--good-shade:#dafbe1"
)
_DARK: Final = (
    "--ink:#e6edf3;--soft:#9da7b1;--paper:#0d1117;--shade:#161b22;--line:#3d444d;--link:#79c0ff;"
    "--bad:#ffa198;--bad-shade:#3c1618;--warn:#f2cc60;--warn-shade:#332a0c;--info:#a5d6ff;"
    "--info-shade:#0c2d4a;--good:#7ee787;--good-shade:#12361f"
)
# A notebook says by an attribute whether it is dark, which counts more than what the system says.
_SAID_DARK: Final = ":is([data-jp-theme-light=false],[data-vscode-theme-kind$=dark],.dark)"
_SAID_LIGHT: Final = ":is([data-jp-theme-light=true],[data-vscode-theme-kind$=light],.light)"


def _stacked(width: str, tables: str) -> str:
    """Gives the rules by which each row of these tables is a list of its own, where there is no more room."""
    rules = """
TABLES :is(table,tbody,tr,th,td,caption){display:block}
TABLES thead{display:none}
TABLES:has(table){max-height:none}
TABLES tr{padding:.3rem 0}
TABLES tr+tr{border-top:1px solid var(--line)}
TABLES :is(th,td){border:none;max-width:none;padding:.1rem .6rem}
TABLES th[scope=row]{font-weight:600}
TABLES td{display:flow-root;padding-left:9.9rem}
TABLES td:empty{display:none}
TABLES td:not(:first-child){min-width:0}
TABLES td::before{content:attr(data-title);color:var(--soft);float:left;width:9rem;margin-left:-9.3rem}
TABLES td .message{min-width:0}
""".replace("TABLES", tables)
    return f"@media screen{{@container fm (max-width:{width}){{{rules}}}}}"


_RULES: Final = f"""
.fm{{{_LIGHT}}}
@media (prefers-color-scheme:dark){{.fm{{{_DARK}}}}}
{_SAID_DARK} .fm,.fm.dark{{{_DARK}}}
{_SAID_LIGHT} .fm,.fm.light{{{_LIGHT}}}
.fm{{color:var(--ink);background:var(--paper);font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}}
section.fm{{padding:.5rem .75rem;border-radius:6px}}
.fm{{container:fm/inline-size}}
.fm.page{{margin:0 auto;max-width:76rem;padding:1rem 1.25rem 4rem}}
html:has(.fm.page){{background:Canvas}}
@media (prefers-color-scheme:dark){{html:has(.fm.page){{background:#0d1117}}}}
.fm h1{{font-size:1.7rem;line-height:1.2;margin:.5rem 0}}
.fm h2{{font-size:1.25rem;margin:1.8rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.2rem}}
.fm h3{{font-size:1.05rem;margin:1.2rem 0 .4rem}}
.fm h4,.fm h5{{font-size:1rem;margin:.2rem 0}}
.fm :is(h1,h2,h3,h4,h5){{font-weight:650;line-height:1.25;color:inherit;padding-inline:0}}
.fm p{{margin:.4rem 0;max-width:60rem}}
.fm ul,.fm ol{{margin:.4rem 0;padding-left:1.4rem}}
.fm a{{color:var(--link)}}
.fm :focus-visible{{outline:3px solid var(--link);outline-offset:2px}}
.fm code,.fm pre,.fm textarea{{font:13px/1.5 ui-monospace,Menlo,Consolas,monospace}}
.fm code{{background:var(--shade);color:var(--ink);padding:.1em .3em;border-radius:4px}}
.fm pre{{background:var(--shade);color:var(--ink);border:1px solid var(--line);border-radius:6px;
margin:.5rem 0;padding:.5rem .7rem;overflow:auto;max-height:32rem;overflow-wrap:normal}}
.fm pre code{{background:none;padding:0}}
.fm pre,.fm pre code{{white-space:pre;word-break:normal}}
.fm .scroll{{overflow:auto;max-height:36rem;margin:.6rem 0;border:1px solid var(--line);border-radius:6px}}
.fm table{{border-collapse:collapse;table-layout:auto;width:100%;margin:0;font-size:14px;color:inherit}}
.fm tr{{background:none;border:none}}
.fm caption{{text-align:left;font-weight:600;padding:.4rem .6rem;color:var(--soft)}}
.fm th,.fm td{{text-align:left;vertical-align:top;padding:.3rem .6rem;border-top:1px solid var(--line);
background:none;max-width:34rem;overflow-wrap:break-word;white-space:normal}}
.fm td:not(:first-child){{min-width:4rem}}
.fm td:not(:first-child):has(code){{min-width:9rem}}.fm td code{{overflow-wrap:anywhere}}
.fm td .message{{display:block;min-width:16rem;overflow-wrap:anywhere}}
.fm thead th{{position:sticky;top:0;background:var(--shade);overflow-wrap:normal}}
.fm th[scope=row]{{font-weight:500}}
.fm tr.strong>*{{font-weight:700}}
.fm .badge{{display:inline-block;border:1px solid var(--line);border-radius:1em;padding:0 .6em;
font-size:.85em;font-weight:600;background:var(--shade);color:var(--ink);white-space:nowrap}}
.fm .error{{color:var(--bad);background:var(--bad-shade);border-color:currentColor}}
.fm .warning{{color:var(--warn);background:var(--warn-shade);border-color:currentColor}}
.fm .info{{color:var(--info);background:var(--info-shade);border-color:currentColor}}
.fm .good{{color:var(--good);background:var(--good-shade);border-color:currentColor}}
.fm .soft{{color:var(--soft)}}
.fm details{{margin:.4rem 0}}
.fm summary{{cursor:pointer}}
.fm .card{{border:1px solid var(--line);border-left-width:5px;border-radius:6px;padding:.5rem .9rem;
margin:.7rem 0}}
.fm .card.of-error{{border-left-color:var(--bad)}}
.fm .card.of-warning{{border-left-color:var(--warn)}}
.fm .card.of-info{{border-left-color:var(--info)}}
.fm .added{{background:var(--good-shade);color:var(--good)}}
.fm .removed{{background:var(--bad-shade);color:var(--bad)}}
.fm .hunk{{color:var(--info)}}
.fm :target>details>summary,.fm span:target{{outline:2px solid var(--link)}}
.fm .here,.fm mark.here{{background:var(--warn-shade);color:var(--ink);font-weight:700}}
.fm .added,.fm .removed,.fm .hunk,.fm .here,.fm .line{{display:block;white-space:pre}}
.fm dl{{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem;margin:.8rem 0}}
.fm dt{{font-weight:600;float:none;width:auto;margin:0}}
.fm dd{{margin:0;max-width:60rem;float:none;width:auto}}
.fm .verdict .badge{{font-size:1.05rem;padding:.25rem .9rem;white-space:normal}}
.fm .steps>li{{margin:.7rem 0}}
.fm .places{{list-style:none;padding:0}}
.fm .contents ul{{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;list-style:none;padding:.5rem 0;
border-block:1px solid var(--line)}}
.fm .filter{{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center;
background:var(--paper);padding:.5rem 0;border-bottom:1px solid var(--line)}}
.fm .filter[hidden]{{display:none}}
.fm input[type=search]{{font:inherit;padding:.2rem .5rem;color:var(--ink);background:var(--paper);
border:1px solid var(--soft);border-radius:4px;min-width:14rem;max-width:100%}}
.fm section,.fm [id]{{scroll-margin-top:4rem}}
.fm svg{{display:block;margin:.5rem;max-width:none}}
.fm mark{{background:none;color:inherit}}
@media (max-width:40rem){{.fm dl{{grid-template-columns:1fr;gap:.1rem}}.fm dd{{margin-bottom:.4rem}}
.fm.page{{padding:.5rem .75rem 2rem}}.fm .filter{{position:static}}}}
@media screen{{@container fm (max-width:40rem){{
.fm :is(.added,.removed,.hunk,.here,.line){{white-space:pre-wrap;overflow-wrap:anywhere;
padding-left:6ch;text-indent:-6ch}}}}}}
{_stacked("40rem", ".fm .scroll")}{_stacked("48rem", ".fm .scroll:has(td :is(code,.message))")}
{_stacked("60rem", ".fm .scroll:has(th:nth-child(7))")}
.fm .skip{{position:absolute;left:-99rem}}
.fm .skip:focus{{position:static}}
.fm [hidden]{{display:none}}
@media print{{.fm details::details-content{{content-visibility:visible;block-size:auto}}
.fm,.fm.dark{{{_LIGHT}}}.fm.page{{max-width:none;padding:0}}
.fm .scroll,.fm pre{{overflow:visible;max-height:none}}
.fm pre,.fm pre code,.fm :is(.added,.removed,.hunk,.here,.line){{white-space:pre-wrap;overflow-wrap:anywhere}}
.fm .only-screen{{display:none}}.fm tr{{break-inside:avoid}}.fm h2,.fm h3{{break-after:avoid}}
.fm .badge{{print-color-adjust:exact;-webkit-print-color-adjust:exact}}}}
""".strip()

# Notebooks style lists and tables by two classes, and place `dt` beside `dd` by floating.
STYLE: Final = _RULES.replace(".fm", ".fm.fm.fm")
"""For everything within `.fm`, and nothing else."""
