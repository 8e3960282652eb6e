"""English lines get words of another language: the common sense of each, and each language other lines."""

import pytest

from recontact_training.code_switching import code_switched

ENTRIES = [
    ("game", "игра"), ("game", "дичь"), ("to play", "играть"), ("a", "ангстрем"), ("party", "партия"), ("stop", "стоп"),
    ("settle", "решить"), ("take off", "снимать"), ("take", "брать"),
]  # fmt: skip
COUNTED = ["Игра была хорошая.", "Это не игра!"] * 5


def mixed(line: str, entries: list[tuple[str, str]] = ENTRIES, counted: list[str] = COUNTED) -> list[str]:
    """What 200 draws of one line become."""
    return [other for english, other in code_switched([line] * 200, entries, counted, 200, "1") if english == line]


def test_the_common_translation_is_drawn_more_often() -> None:
    found = mixed("They lost the game.")
    assert set(found) <= {"They lost the игра.", "They lost the дичь."}
    assert found.count("They lost the дичь.") < 5


def test_seven_words_in_ten_are_replaced_also_at_the_end_of_a_line() -> None:
    assert len(mixed("Stop")) == pytest.approx(140, abs=25)
    assert len(mixed("stop it")) == pytest.approx(140, abs=25)


def test_short_words_and_unknown_ones_stay() -> None:
    assert mixed("a b c nothing") == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("They settled.", "They решить."),
        ("parties of three", "партия of three"),
        ("Stopping now", "Stopping now"),
        ("settling it", "решить it"),
        ("It stops.", "It стоп."),
    ],
)
def test_words_are_known_without_their_endings(line: str, expected: str) -> None:
    assert set(mixed(line)) == ({expected} if expected != line else set())


def test_phrases_go_before_words() -> None:
    found = mixed("They take off their shoes")
    assert found.count("They снимать their shoes") > found.count("They брать off their shoes") > 0


def test_phrases_of_the_other_language_are_counted() -> None:
    entries = [("soon", "tout de suite"), ("soon", "tôt")]
    found = mixed("soon", entries, ["Viens tout de suite, j'ai dit tout de suite !"])
    assert found.count("tout de suite") > 0.9 * len(found) > 0


def test_words_of_han_text_are_counted_without_spaces() -> None:
    found = mixed("wrong game", [("game", "游戏"), ("game", "比赛")], ["这个游戏很好"])
    assert found.count("wrong 游戏") > 0.9 * len(found) > 0


def test_each_seed_draws_other_lines() -> None:
    lines = [f"game {k}" for k in range(100)]
    first, again, other = (code_switched(lines, ENTRIES, COUNTED, 20, seed) for seed in ("13 ru", "13 ru", "13 bg"))
    assert first == again
    assert {english for english, _ in first} != {english for english, _ in other}


def test_a_language_without_a_dictionary_gets_no_lines() -> None:
    assert code_switched(["game"], [], [], 100, "1") == []
