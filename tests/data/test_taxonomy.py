"""The taxonomy: what the bundled one holds, that a user's own loads, and what is said of a wrong one."""

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
import yaml

from recontact_data.errors import RecontactError, TaxonomyError
from recontact_data.taxonomy import Taxonomy, load_taxonomy

CAUSES = (
    "solution_failed", "no_callback", "needed_more_info", "no_help", "long_wait", "wrong_answer", "recurred",
    "not_fixed_on_time", "other",
)  # fmt: skip


def valid() -> dict[str, Any]:
    return {
        "languages": ["en", "sv"],
        "none": {"name": {"en": "No cause", "sv": "Ingen orsak"}, "description": "Nothing stated."},
        "causes": [
            {
                "id": "billing",
                "main": True,
                "name": {"en": "Billing", "sv": "Faktura"},
                "description": {"en": "The bill was wrong.", "sv": "Fakturan var fel."},
                "action": {"en": "Check bills.", "sv": "Granska fakturor."},
            },
            {"id": "broken_2", "name": "Broken", "description": "It broke.", "action": "Mend it."},
        ],
    }


def saved(folder: Path, content: Any) -> Path:
    path = folder / "own.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return path


def complaint(path: Path) -> str:
    with pytest.raises(TaxonomyError) as caught:
        load_taxonomy(path)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


def without(entry: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != key}


@pytest.fixture(scope="module")
def bundled() -> Taxonomy:
    return load_taxonomy()


def test_the_bundled_taxonomy_has_the_nine_causes_in_their_order(bundled: Taxonomy) -> None:
    assert bundled.ids == CAUSES
    assert len(bundled) == 9
    assert tuple(cause.id for cause in bundled) == CAUSES


def test_the_bundled_taxonomy_has_four_main_causes(bundled: Taxonomy) -> None:
    assert bundled.main_ids == ("solution_failed", "no_callback", "needed_more_info", "no_help")


def test_the_bundled_taxonomy_says_everything_in_all_20_languages(bundled: Taxonomy) -> None:
    assert len(set(bundled.languages)) == 20
    texts = [bundled.none_name, bundled.none_description]
    texts += [text for cause in bundled for text in (cause.name, cause.description, cause.action)]
    assert all(set(text) == set(bundled.languages) and all(text.values()) for text in texts)


def test_names_come_in_the_language_asked_for_and_else_in_english(bundled: Taxonomy) -> None:
    assert bundled.name("none", "nb") == "Ingen oppgitt årsak"
    assert bundled.name("none") == bundled.name("none", "xx") == "No cause stated"
    assert bundled.name("no_help", "xx") == bundled.name("no_help", "en") != bundled.name("no_help", "bg")


def test_the_name_of_an_unknown_cause_is_a_key_error(bundled: Taxonomy) -> None:
    with pytest.raises(KeyError):
        bundled.name("weather")


def test_a_users_own_taxonomy_loads(tmp_path: Path) -> None:
    own = load_taxonomy(saved(tmp_path, valid()))
    assert own.ids == ("billing", "broken_2")
    assert own.main_ids == ("billing",)
    assert own.languages == ("en", "sv")
    assert own.name("billing", "sv") == "Faktura"


def test_the_path_may_be_a_text(tmp_path: Path) -> None:
    assert load_taxonomy(str(saved(tmp_path, valid()))).ids == ("billing", "broken_2")


def test_a_single_text_stands_for_every_language(tmp_path: Path) -> None:
    own = load_taxonomy(saved(tmp_path, valid()))
    assert own.causes[1].name == {"en": "Broken", "sv": "Broken"}
    assert own.none_description == {"en": "Nothing stated.", "sv": "Nothing stated."}


def test_a_taxonomy_without_english_names_a_cause_by_its_id_in_other_languages(tmp_path: Path) -> None:
    own = load_taxonomy(saved(tmp_path, valid() | {"languages": ["sv"]}))
    assert own.name("billing", "sv") == "Faktura"
    assert own.name("billing", "en") == "billing"


def test_spaces_around_a_text_are_dropped(tmp_path: Path) -> None:
    content = valid()
    content["causes"][1]["name"] = "  Broken \n"
    assert load_taxonomy(saved(tmp_path, content)).name("broken_2") == "Broken"


def test_taxonomy_cause_and_names_are_frozen(bundled: Taxonomy) -> None:
    for thing, field in ((bundled, "languages"), (bundled.causes[0], "id")):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, field, "changed")
    names: Any = bundled.causes[0].name
    with pytest.raises(TypeError):
        names["en"] = "changed"


def test_a_taxonomy_error_is_a_recontact_error() -> None:
    assert issubclass(TaxonomyError, RecontactError)


def test_a_missing_file_is_said_with_the_cure(tmp_path: Path) -> None:
    assert "give a UTF-8 YAML file" in complaint(tmp_path / "absent.yaml")


def test_a_file_in_another_encoding_is_said_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("languages: [nb] # måned".encode("latin-1"))
    assert "give a UTF-8 YAML file" in complaint(path)


@pytest.mark.parametrize("text", ["causes: [", "a: b: c", "causes: \x00", "since: 2026-13-01"])
def test_broken_yaml_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    assert "is not valid YAML" in complaint(saved(tmp_path, text))


@pytest.mark.parametrize("content", ["", "- a\n", "causes: {}\n", without(valid(), "causes"), valid() | {"causes": []}])
def test_a_file_without_causes_is_told_to_have_one(tmp_path: Path, content: Any) -> None:
    assert "needs a list `causes` with at least one cause" in complaint(saved(tmp_path, content))


@pytest.mark.parametrize("languages", [None, [], "en", [False, "en"]])
def test_a_file_without_languages_is_shown_how_they_are_given(tmp_path: Path, languages: Any) -> None:
    message = complaint(saved(tmp_path, valid() | {"languages": languages}))
    assert "needs a list `languages` of language codes, such as [en]" in message


@pytest.mark.parametrize("bad", [None, 7, "", "two words", "a;b", "2nd"])
def test_a_bad_cause_id_is_said_with_its_number(tmp_path: Path, bad: Any) -> None:
    content = valid()
    content["causes"][1]["id"] = bad
    assert f"cause 2 has the id {bad!r}; use letters, digits and _" in complaint(saved(tmp_path, content))


def test_a_cause_that_is_no_mapping_is_said_with_its_number(tmp_path: Path) -> None:
    content = valid()
    content["causes"][0] = "billing"
    assert "cause 1 has the id None" in complaint(saved(tmp_path, content))


def test_no_cause_may_be_called_none(tmp_path: Path) -> None:
    content = valid()
    content["causes"][0]["id"] = "none"
    assert "'none' stands for no cause and cannot be a cause's id; rename it" in complaint(saved(tmp_path, content))


@pytest.mark.parametrize("main", ["yes please", 1, None])
def test_main_must_be_true_or_false(tmp_path: Path, main: Any) -> None:
    content = valid()
    content["causes"][0]["main"] = main
    assert "`main` of billing must be true or false" in complaint(saved(tmp_path, content))


@pytest.mark.parametrize("key", ["name", "description", "action"])
def test_a_missing_text_is_said_with_its_cause_and_field(tmp_path: Path, key: str) -> None:
    content = valid()
    content["causes"][1] = without(content["causes"][1], key)
    assert f"broken_2 has no `{key}`; give a text, or one text a language" in complaint(saved(tmp_path, content))


@pytest.mark.parametrize("text", [None, "", "  ", 5])
def test_a_text_missing_in_one_language_is_said_with_the_language(tmp_path: Path, text: Any) -> None:
    content = valid()
    content["causes"][0]["action"]["sv"] = text
    message = complaint(saved(tmp_path, content))
    assert "`action` of billing is missing in 'sv'; add it or drop the language" in message


@pytest.mark.parametrize("none", [None, {}, "nothing", {"description": "x"}])
def test_the_empty_answer_needs_a_name(tmp_path: Path, none: Any) -> None:
    assert "none has no `name`" in complaint(saved(tmp_path, valid() | {"none": none}))


def test_an_id_that_stands_twice_is_named(tmp_path: Path) -> None:
    content = valid()
    content["causes"][1]["id"] = "billing"
    assert "cause id 'billing' stands twice; rename one" in complaint(saved(tmp_path, content))


def test_two_causes_with_one_name_are_said_with_the_language_whatever_the_case(tmp_path: Path) -> None:
    content = valid()
    content["causes"][1]["name"] = {"en": "Broken", "sv": "FAKTURA"}
    assert "two causes have the same name in 'sv'; rename one" in complaint(saved(tmp_path, content))
