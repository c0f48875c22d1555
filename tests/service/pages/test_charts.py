from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from service.pages.charts import histogram, rates
from service.pages.columns import FILLS, PLOT_HEIGHT, PLOT_TOP, Series, columns, heat

FIRST = date(2026, 1, 5)  # a Monday


def days(number: int) -> list[date]:
    """So many days in a row."""
    return [FIRST + timedelta(days=place) for place in range(number)]


def test_columns_stack_from_the_bottom() -> None:
    """Heights are shares of a round top; the first series stands on the floor."""
    chart = columns("c", "t", days(2), [Series("a", "kind1", [2, 0]), Series("b", "kind2", [2, 1])])
    assert [tick.label for tick in chart.ticks] == ["0", "1", "2", "3", "4"]
    floor = PLOT_TOP + PLOT_HEIGHT
    assert [(s.fill, s.y, s.height) for s in chart.segments] == [
        ("kind1", floor - 100, 100),
        ("kind2", PLOT_TOP, 100),
        ("kind2", floor - 50, 50),
    ]
    assert [s.x for s in chart.segments] == ["4.500%", "4.500%", "54.500%"]
    assert {s.width for s in chart.segments} == {"41.000%"}


def test_a_column_tells_its_numbers() -> None:
    """The title of a day names the sum and each kind that is there, the top one first."""
    chart = columns("c", "t", days(1), [Series("甲", "kind1", [1200]), Series("乙", "kind2", [3]),
                                        Series("丙", "none", [0])])  # fmt: skip
    assert chart.hovers[0].title == "1月5日 周一：共 1,203 件\n乙 3\n甲 1,200"
    assert chart.description == "共 1,203 件；最多的是1月5日 周一，1,203 件。每列一天。"


def test_the_table_and_the_legend_have_the_same_numbers() -> None:
    """Order from the top of the stack, sums beside it."""
    chart = columns(
        "c", "t", days(2), [Series("甲", "kind1", [1, 2]), Series("乙", "kind2", [3, 0])]
    )
    assert chart.table.head == ("日期", "乙", "甲", "合计")
    assert chart.table.rows == (("1月5日 周一", 3, 1, 4), ("1月6日 周二", 0, 2, 2))
    assert [(e.name, e.total, e.share) for e in chart.legend] == [
        ("乙", 3, "50%"),
        ("甲", 3, "50%"),
    ]


def test_many_days_become_weeks_from_monday() -> None:
    """Nothing is lost, and a broken week at either end stays a column."""
    span = [FIRST + timedelta(days=place) for place in range(3, 369)]
    chart = columns("c", "t", span, [Series("甲", "kind1", [1] * 366)])
    assert len(chart.hovers) == 53
    assert chart.table.rows[0] == ("2026年1月8日–1月11日", 4, 4)
    assert sum(int(row[1]) for row in chart.table.rows) == 366
    assert [label.text for label in chart.labels] == [
        "2026年1月", "2026年3月", "2026年6月", "2026年8月", "2026年11月",
    ]  # fmt: skip


@pytest.mark.parametrize("number", [7, 30, 90, 92, 93, 366])
def test_every_picture_stays_inside(number: int) -> None:
    """At most 93 columns and 5 dates; no part leaves the plot."""
    chart = columns("c", "t", days(number), [Series("甲", "kind1", list(range(number)))])
    assert len(chart.hovers) <= 92
    assert len(chart.labels) <= 5
    assert all(s.y >= PLOT_TOP - 0.01 for s in chart.segments)
    assert all(float(h.x[:-1]) + float(h.width[:-1]) <= 100.01 for h in chart.hovers)


def test_nothing_is_a_picture_of_nothing() -> None:
    """Without cases there are no parts, and the description says so."""
    chart = columns("c", "t", days(3), [Series("甲", "kind1", [0, 0, 0])])
    assert (chart.segments, chart.description) == ((), "没有案例")
    assert columns("c", "t", days(3), []).segments == ()


def test_every_fill_has_a_pattern_or_stands_apart() -> None:
    """Neighbours in the stacks never differ by colour alone: of two, one has a pattern."""
    for order in ([heat(place, 5) for place in range(5)], [f"kind{n}" for n in range(1, 7)]):
        for one, other in pairwise(order):
            assert FILLS[one] != FILLS[other]


def test_rates_are_bars_on_a_round_scale() -> None:
    """The longest of 20 % fills four fifths of 25 %; what is not zero can be seen."""
    chart = rates("r", "t", [("甲", 1, 5), ("乙", 1, 1000), ("丙", 0, 7)], ("类", "次", "改"))
    assert [bar.width for bar in chart.bars] == ["80.000%", "0.600%", "0.000%"]
    assert [(bar.value, bar.detail) for bar in chart.bars] == [
        ("20%", "1/5"), ("0.1%", "1/1,000"), ("0%", "0/7"),
    ]  # fmt: skip
    assert chart.description == "满格为 25%。"
    assert chart.table.rows[0] == ("甲", 5, 1, "20%")
    assert rates("r", "t", [], ("类", "次", "改")).is_empty


def test_a_histogram_names_its_fullest_range() -> None:
    """The fullest fills the width; shares are of all."""
    chart = histogram("h", "t", ["短", "中", "长"], [1, 3, 0])
    assert [bar.width for bar in chart.bars] == ["33.333%", "100.000%", "0.000%"]
    assert [bar.detail for bar in chart.bars] == ["25%", "75%", "0%"]
    assert chart.description == "共 4 件，最多的是中（3 件）"
    assert histogram("h", "t", ["短"], [0]).is_empty
