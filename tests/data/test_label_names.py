"""What a label may be called: an id or a name in any language, however it is written, one or several."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact_data.errors import LabelError, UnknownLabelError
from recontact_data.label_names import SEPARATORS, LabelNames
from recontact_data.taxonomy import NONE, Cause, Taxonomy, load_taxonomy

TAXONOMY = load_taxonomy()
NAMES = LabelNames(TAXONOMY)
CALLED = [(cause.id, name) for cause in TAXONOMY for name in (cause.id, *cause.name.values())]
CALLED += [(NONE, name) for name in (NONE, *TAXONOMY.none_name.values())]
CALL = st.sampled_from(CALLED)


def named(**names: str) -> LabelNames:
    """The names of a taxonomy of one language."""
    causes = tuple(Cause(key, main=False, name={"en": name}, description={}, action={}) for key, name in names.items())
    return LabelNames(Taxonomy(causes, ("en",), {"en": "Nothing"}, {}))


@settings(deadline=None)
@given(CALL, st.sampled_from([str, str.upper, str.lower, str.title]), st.randoms(use_true_random=False))
def test_ids_and_names_of_every_language_are_known_in_any_case_and_spacing(
    called: tuple[str, str], case: Callable[[str], str], chance: random.Random
) -> None:
    cause, name = called
    words = case(name).split()
    assert NAMES.find("  " + "".join(word + " " * chance.randint(0, 3) for word in words)) == cause


@settings(deadline=None)
@given(st.lists(CALL, min_size=1, max_size=6), st.sampled_from(SEPARATORS), st.booleans())
def test_several_labels_of_a_cell_come_in_their_order(called: list[tuple[str, str]], mark: str, spaced: bool) -> None:
    cell = f"{mark} ".join(name for _, name in called) if spaced else mark.join(name for _, name in called)
    assert NAMES.read_cell(cell) == tuple(cause for cause, _ in called)


@pytest.mark.parametrize("cell", ["", "  ", ";", " , ,"])
def test_an_empty_cell_names_nothing(cell: str) -> None:
    assert NAMES.read_cell(cell) == ()


@pytest.mark.parametrize(
    ("cell", "unknown"),
    [
        ("no_calback", ("no_calback",)),
        ("no_help; no_calback ;lng_wait", ("no_calback", "lng_wait")),
        ("Long wait, gave up, no_calback", ("no_calback",)),
        ("the weather, or the wind", ("the weather, or the wind",)),
        ("no_help, recurred; other", ("no_help, recurred",)),
        ("a," * 5000, ("a," * 5000,)),
    ],
)
def test_what_is_no_label_is_named(cell: str, unknown: tuple[str, ...]) -> None:
    with pytest.raises(UnknownLabelError) as caught:
        NAMES.read_cell(cell)
    assert caught.value.values == unknown


def test_labels_that_can_be_read_in_two_ways_are_refused_with_a_way_out() -> None:
    names = named(late="Late", again="again", late_again="Late, again")
    with pytest.raises(LabelError, match=r"'late, again' can be read in more than one way; write ids, with ;"):
        names.read_cell("late, again")
    assert names.read_cell("late; again") == ("late", "again")
    assert names.read_cell("late_again") == ("late_again",)


def test_a_name_that_two_causes_share_is_refused_and_their_ids_are_not() -> None:
    names = named(a_b="Late", ab="Slow")
    assert (names.find("a_b"), names.find("ab")) == ("a_b", "ab")
    with pytest.raises(LabelError, match="'AB' could be any of a_b, ab; write the id"):
        names.find("AB")


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("no_calback", "'no_callback'"),
        ("Promised reply newer came", "'Promised reply never came' (no_callback)"),
        ("LØSNINGEN VIRKER IKKE", "'Løsningen virket ikke' (solution_failed)"),
        ("nonne", "'none'"),
    ],
)
def test_the_nearest_label_is_found_by_its_letters(written: str, nearest: str) -> None:
    assert NAMES.nearest(written) == nearest
