"""The charts of the report on an evaluation: reliability, precision against coverage, confusion of causes."""

from collections.abc import Sequence

import altair as alt

from recontact_serving.report.charts import ACCENT, FAINT, INK, LINE, data, room_for, styled
from recontact_training.reliability import Bin
from recontact_training.selective import Confusion, CoveragePoint

SIDE = 230
CELL = 16


def reliability_chart(bins: Sequence[Bin]) -> alt.Chart | alt.LayerChart:
    """Share that is true against mean probability; a larger point holds more answers, the line is where they agree."""
    diagonal = alt.Chart(data([{"at": 0}, {"at": 1}])).mark_line(color=FAINT, strokeDash=[4, 4])
    points = alt.Chart(data([vars(one) for one in bins]))
    share = alt.Axis(format="%", tickCount=5)
    x = alt.X("mean:Q", scale=alt.Scale(domain=[0, 1]), title="confidence said", axis=share)
    y = alt.Y("true:Q", scale=alt.Scale(domain=[0, 1]), title="answers that are right", axis=share)
    line = points.mark_line(color=ACCENT, opacity=0.5).encode(x=x, y=y)
    sized = points.mark_circle(color=ACCENT, opacity=0.9).encode(
        x=x, y=y, size=alt.Size("count:Q", legend=None, scale=alt.Scale(range=[25, 350]))
    )
    layers = diagonal.encode(x=alt.X("at:Q"), y=alt.Y("at:Q")) + line + sized
    return styled(layers.properties(width=SIDE, height=SIDE))


def coverage_chart(points: Sequence[CoveragePoint], unflagged: float) -> alt.Chart | alt.LayerChart:
    """Share of right answers among the surest, against how many of all these are.

    Args:
        points: The curve.
        unflagged: Share of the answers that are not flagged for review, marked by an upright line.
    """
    lowest = min((point.precision for point in points), default=0.0)
    share = alt.Axis(format="%", tickCount=5)
    x = alt.X("coverage:Q", scale=alt.Scale(domain=[0, 1]), title="surest answers taken", axis=share)
    y = alt.Y("precision:Q", scale=alt.Scale(domain=[int(10 * lowest) / 10, 1]), title="of these, right", axis=share)
    curve = alt.Chart(data([vars(one) for one in points])).mark_line(color=ACCENT).encode(x=x, y=y)
    mark = alt.Chart(data([{"coverage": unflagged}]))
    rule = mark.mark_rule(color=FAINT, strokeDash=[4, 4]).encode(x="coverage:Q")
    return styled((curve + rule).properties(width=SIDE, height=SIDE))


def confusion_chart(found: Confusion, names: Sequence[str]) -> alt.Chart | alt.LayerChart:
    """Comments by their primary cause (down) and the one answered (across), shaded by the share of their row."""
    values = [
        {"true": names[i], "said": names[k], "count": count, "share": count / max(sum(row), 1)}
        for i, row in enumerate(found.counts)
        for k, count in enumerate(row)
        if sum(row)
    ]
    cells = alt.Chart(data(values)).encode(
        x=alt.X("said:N", sort=list(names), title="answered", axis=alt.Axis(labelAngle=-90, orient="top")),
        y=alt.Y("true:N", sort=list(names), title=None, axis=alt.Axis(minExtent=room_for(names))),
    )
    shade = alt.FillOpacity("share:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0, 0.85]))
    squares = cells.mark_rect(fill=ACCENT, stroke=LINE, strokeWidth=0.5).encode(fillOpacity=shade)
    counts = cells.transform_filter("datum.count > 0").mark_text(fill=INK, fontSize=9).encode(text="count:Q")
    rows = len({value["true"] for value in values})
    return styled((squares + counts).properties(width=CELL * len(names), height=CELL * rows))
