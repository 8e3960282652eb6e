"""Splits: pairs stay together, given splits stay, and every split has its share of every cause."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recontact_data.errors import LabelError
from recontact_data.labels import SPLITS, LabelledComment
from recontact_data.splits import assign_splits


def row(number: int, *labels: str, pair: str | None = None, split: str = "") -> LabelledComment:
    primary = labels[0] if labels else "none"
    return LabelledComment(f"en-{number:04d}", f"text {number}", "en", labels, primary, pair=pair, split=split)


def many() -> list[LabelledComment]:
    """400 rows: two frequent causes, a rare one, some with two causes, some with none, some pairs."""
    kinds: list[tuple[str, ...]] = [("no_help",), ("no_callback",), (), ("no_help", "long_wait"), ("no_callback",)]
    rows = [row(n, *kinds[n % 5]) for n in range(300)]
    rows += [row(n, "recurred") for n in range(300, 320)]
    for n in range(320, 400, 2):
        rows += [row(n, "no_help", pair=f"p{n}"), row(n + 1, pair=f"p{n}")]
    return rows


def shares(rows: list[LabelledComment], cause: str) -> list[float]:
    counts = Counter(r.split for r in rows if cause in (r.labels or ("none",)))
    return [counts[split] / counts.total() for split in SPLITS]


@pytest.mark.parametrize("cause", ["no_help", "no_callback", "long_wait", "recurred", "none"])
def test_every_split_has_its_share_of_every_cause(cause: str) -> None:
    assert shares(assign_splits(many()), cause) == pytest.approx([0.7, 0.15, 0.15], abs=0.051)


def test_the_shares_can_be_chosen() -> None:
    rows = assign_splits(many(), shares=(0.5, 0.0, 0.5))
    assert "validation" not in {r.split for r in rows}
    assert shares(rows, "no_help") == pytest.approx([0.5, 0.0, 0.5], abs=0.05)


def test_the_two_rows_of_a_pair_are_in_one_split() -> None:
    of_pair: dict[str, set[str]] = {}
    for r in assign_splits(many()):
        if r.pair:
            of_pair.setdefault(r.pair, set()).add(r.split)
    assert len(of_pair) == 40
    assert all(len(splits) == 1 for splits in of_pair.values())


def test_every_split_has_its_share_of_the_pairs() -> None:
    counts = Counter(r.split for r in assign_splits(many()) if r.pair)
    assert [counts[split] / 80 for split in SPLITS] == pytest.approx([0.7, 0.15, 0.15], abs=0.051)


def test_a_new_row_of_a_pair_joins_the_split_of_the_other() -> None:
    rows = [row(n, "no_help") for n in range(20)]
    rows += [row(20, "no_help", pair="p", split="test"), row(21, pair="p")]
    assert [r.split for r in assign_splits(rows)[-2:]] == ["test", "test"]


def test_rows_that_have_a_split_keep_it() -> None:
    given_splits = ["test", "", "validation", "train", ""] * 20
    rows = [row(n, "no_help", split=split) for n, split in enumerate(given_splits)]
    out = assign_splits(rows)
    assert all(new.split == old.split for new, old in zip(out, rows, strict=True) if old.split)
    assert all(new.split in SPLITS for new in out)


def test_given_splits_count_towards_the_shares() -> None:
    rows = [row(n, "no_help", split="test" if n < 15 else "") for n in range(100)]
    assert Counter(r.split for r in assign_splits(rows)) == {"train": 70, "validation": 15, "test": 15}


def test_nothing_but_the_split_changes_and_the_order_stays() -> None:
    rows = many()
    assert [replace(r, split="") for r in assign_splits(rows)] == rows


def test_the_same_rows_always_get_the_same_splits() -> None:
    assert assign_splits(many()) == assign_splits(many())


def test_the_order_of_the_rows_does_not_matter() -> None:
    forward = {r.id: r.split for r in assign_splits(many())}
    backward = {r.id: r.split for r in assign_splits(many()[::-1])}
    assert forward == backward


def test_another_seed_gives_other_splits() -> None:
    assert assign_splits(many(), seed=1) != assign_splits(many(), seed=2)


def test_no_rows_give_no_rows() -> None:
    assert assign_splits([]) == []


def test_a_split_of_an_unknown_name_is_an_error_that_names_the_row() -> None:
    with pytest.raises(LabelError, match="en-0001: split 'dev' is not one of train, validation, test"):
        assign_splits([row(0), row(1, split="dev")])


rows_of_any_kind = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3).map(tuple),
        st.none() | st.sampled_from(["p1", "p2", "p3"]),
    ),
    max_size=30,
)


@given(rows_of_any_kind)
def test_whatever_the_rows_each_gets_a_split_and_pairs_stay_together(
    kinds: list[tuple[tuple[str, ...], str | None]],
) -> None:
    out = assign_splits([row(n, *labels, pair=pair) for n, (labels, pair) in enumerate(kinds)])
    assert all(r.split in SPLITS for r in out)
    assert all(len({r.split for r in out if r.pair == pair}) <= 1 for pair in ("p1", "p2", "p3"))
