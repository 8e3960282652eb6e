"""Charts as SVG inside a page: drawn by Altair, turned to SVG without a browser, coloured by the page.

Colours are names of the page's style (`var(--ink)`), so that one chart is right in light and dark and on paper. Charts
are narrow enough for a telephone, where a shrunk one could not be read; a wide page puts them side by side.
"""

import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
from markupsafe import Markup, escape

INK = "var(--ink)"
FAINT = "var(--faint)"
LINE = "var(--line)"
ACCENT = "var(--accent)"
WIDTH = 310  # with the names beside the marks
LETTER = 6.6  # pixels, on average
NAMES = 160  # pixels for names at most
ROW = 22
_numbers = itertools.count()


@dataclass(frozen=True)
class Measured:
    """A named figure with the ends of its interval, for a chart."""

    name: str
    value: float
    low: float
    high: float


def svg(chart: alt.TopLevelMixin, told: str) -> Markup:
    """A chart as an SVG element.

    Args:
        chart: The chart.
        told: What it shows, for those who hear the page.
    """
    buffer = io.StringIO()
    chart.save(buffer, format="svg")
    return _inline(buffer.getvalue(), told)


def _inline(drawn: str, told: str) -> Markup:
    """Makes an SVG file an element of a page: no namespaces, ids of its own, a label."""
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r'\s(?:xmlns(?::\w+)?|version)="[^"]*"', "", drawn)
    own = f"chart{next(_numbers)}-"
    drawn = re.sub(r'\bid="', f'id="{own}', drawn)
    drawn = re.sub(r"url\(#", f"url(#{own}", drawn)
    return Markup(drawn.replace("<svg", f'<svg role="img" aria-label="{escape(told)}"', 1))


def styled(chart: alt.Chart | alt.LayerChart) -> alt.Chart | alt.LayerChart:
    """The chart in the look that all charts share."""
    colours = {"labelColor": INK, "titleColor": FAINT, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE}
    fonts = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": NAMES}
    framed = chart.configure(background="transparent", font="sans-serif", padding=2).configure_view(stroke=None)
    found: alt.Chart | alt.LayerChart = framed.configure_axis(**colours, **fonts)
    return found


def data(values: Sequence[dict[str, Any]]) -> alt.Data:
    """Rows of a chart, which stand in it."""
    return alt.Data(values=list(values))  # type: ignore[no-untyped-call]


def room_for(names: Sequence[str]) -> int:
    """Pixels that names take beside a chart, a little more than measured: a reader's font may be wider."""
    return min(NAMES, 20 + round(LETTER * max(map(len, names), default=0)))


def interval_chart(rows: Sequence[Measured], title: str) -> alt.Chart | alt.LayerChart:
    """Figures between 0 and 1 as points with their intervals, one line a name, in the order given."""
    values = [vars(row) for row in rows if row.value == row.value]
    order = [row["name"] for row in values]
    room = room_for(order)
    axis = alt.Axis(ticks=False, domain=False, grid=True, labelPadding=8, minExtent=room)
    base = alt.Chart(data(values)).encode(y=alt.Y("name:N", sort=order, title=None, axis=axis))
    scale = alt.Scale(domain=[0, 1])
    rules = base.mark_rule(color=ACCENT, strokeWidth=2, opacity=0.45).encode(
        x=alt.X("low:Q", scale=scale, title=title, axis=alt.Axis(tickCount=5)), x2="high:Q"
    )
    points = base.mark_circle(color=ACCENT, size=70, opacity=1).encode(x=alt.X("value:Q", scale=scale))
    return styled((rules + points).properties(width=WIDTH - room, height=ROW * max(len(values), 1)))
