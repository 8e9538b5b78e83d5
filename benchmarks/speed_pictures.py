"""Bars for ``speed.py``, as SVG that reads on light and on dark ground."""

from html import escape

WIDTH, LEFT, ROW, BAR = 820, 400, 26, 16
LONGEST = 5.0
OURS, THEIRS, OVER = "#3b7dd8", "#9aa4b2", "#d9534f"
STYLE = "font-family='sans-serif' font-size='12' fill='#7a8594'"


def side_by_side(rows: list[tuple[str, float, float]], names: tuple[str, str]) -> str:
    """Two bars a row, with the seconds behind them."""
    most = max(max(ours, theirs) for _, ours, theirs in rows)
    parts = [_text(LEFT, 16, names[0], OURS), _text(LEFT + 140, 16, names[1], THEIRS)]
    for number, (name, *both) in enumerate(rows):
        top = 30 + number * 2 * ROW
        parts.append(_text(8, top + ROW, name))
        for which, (seconds, colour) in enumerate(zip(both, (OURS, THEIRS), strict=True)):
            parts += _bar(top + which * 20, seconds / most, f"{seconds:.2f} s", colour)
    return _svg(parts, 40 + len(rows) * 2 * ROW)


def against_bounds(rows: list[tuple[str, float]]) -> str:
    """One bar a row: the figure as a part of its bound, which is the line; long ones are cut."""
    most = min(LONGEST, max(1.0, *(share for _, share in rows)))
    parts = []
    for number, (name, share) in enumerate(rows):
        top = 10 + number * ROW
        parts.append(_text(8, top + 13, name.replace("`", "")))
        parts += _bar(top, min(share / most, 1), f"{share:.2f}", OVER if share > 1 else OURS)
    at = LEFT + (WIDTH - LEFT - 80) / most
    height = 20 + len(rows) * ROW
    parts.append(
        f"<line x1='{at:.0f}' x2='{at:.0f}' y1='4' y2='{height - 6}' stroke='#7a8594' "
        "stroke-dasharray='4 3'/>"
    )
    return _svg(parts, height)


def _bar(top: float, share: float, words: str, colour: str) -> list[str]:
    length = max(share * (WIDTH - LEFT - 80), 1)
    bar = f"<rect x='{LEFT}' y='{top}' width='{length:.0f}' height='{BAR}' fill='{colour}'/>"
    return [bar, _text(LEFT + length + 6, top + 13, words)]


def _text(x: float, y: float, words: str, colour: str = "") -> str:
    style = STYLE.replace("#7a8594", colour) if colour else STYLE
    return f"<text x='{x:.0f}' y='{y:.0f}' {style}>{escape(words)}</text>"


def _svg(parts: list[str], height: float) -> str:
    body = "\n".join(parts)
    size = f"width='{WIDTH}' height='{height:.0f}' viewBox='0 0 {WIDTH} {height:.0f}'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size}>\n{body}\n</svg>\n"
