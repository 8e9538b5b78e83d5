"""How the page looks, in light and in dark (data)."""

from __future__ import annotations

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may fetch or run for it: nothing."""
STYLE = """
:root {
  color-scheme: light dark;
  --good: #1a7f37; --bad: #cf222e; --doubt: #9a6700; --soft: #8884; --bar: #4493f8;
}
@media (prefers-color-scheme: dark) {
  :root { --good: #3fb950; --bad: #f85149; --doubt: #d29922; }
}
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--soft); }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre {
  overflow-x: auto; padding: .6rem .8rem; border: 1px solid var(--soft); border-radius: 6px;
}
table { border-collapse: collapse; }
td, th {
  text-align: left; padding: .15rem .6rem; border-bottom: 1px solid var(--soft);
  vertical-align: top; overflow-wrap: anywhere;
}
details { margin: .25rem 0; }
details details { margin-left: 1.2rem; }
details > :not(summary) { margin-left: 1.2rem; }
summary { cursor: pointer; }
ul { margin: .2rem 0; padding-left: 1.4rem; }
summary, .leaf, li { overflow-wrap: anywhere; }
.leaf { margin-left: 2.3rem; }
.quiet { opacity: .7; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.doubt { color: var(--doubt); }
.bar {
  display: inline-block; height: .7em; min-width: 1px; background: var(--bar); border-radius: 2px;
}
td:first-child:not(.sizes td), td.trust { white-space: nowrap; }
.sizes { width: 95%; table-layout: fixed; }
.diff del, .diff ins { text-decoration: none; }
.diff del { color: var(--bad); }
.diff ins { color: var(--good); }
.diff em { opacity: .7; font-style: normal; }
"""
