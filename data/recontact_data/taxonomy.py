"""Taxonomy: the causes a comment can state, their names in each language, and what to do about them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from recontact_data.errors import TaxonomyError

NONE = "none"
BUNDLED = Path(__file__).resolve().parent / "causes.yaml"
SEPARATOR = ";"


@dataclass(frozen=True)
class Cause:
    """One cause.

    Attributes:
        id: Its name in files and code.
        main: Whether it is one of the main causes.
        name: Short name by language code.
        description: One sentence by language code.
        action: What a company can do about it, by language code.
    """

    id: str
    main: bool
    name: Mapping[str, str]
    description: Mapping[str, str]
    action: Mapping[str, str]


@dataclass(frozen=True)
class Taxonomy:
    """The causes in their order, and how the absence of a cause is named."""

    causes: tuple[Cause, ...]
    languages: tuple[str, ...]
    none_name: Mapping[str, str]
    none_description: Mapping[str, str]

    @property
    def ids(self) -> tuple[str, ...]:
        """Cause ids in order; column k of every score matrix is `ids[k]`."""
        return tuple(cause.id for cause in self.causes)

    @property
    def main_ids(self) -> tuple[str, ...]:
        """Ids of the main causes."""
        return tuple(cause.id for cause in self.causes if cause.main)

    def __len__(self) -> int:
        """Number of causes."""
        return len(self.causes)

    def __iter__(self) -> Iterator[Cause]:
        """The causes in order."""
        return iter(self.causes)

    def name(self, cause_id: str, language: str = "en") -> str:
        """Name of a cause (or of `none`) in a language, English if the language is not there.

        Raises:
            KeyError: no such cause.
        """
        names = self.none_name if cause_id == NONE else {c.id: c.name for c in self.causes}[cause_id]
        return names.get(language) or names.get("en") or cause_id


def load_taxonomy(path: str | Path | None = None) -> Taxonomy:
    """Reads and checks a taxonomy file.

    Args:
        path: A YAML file of the same form as the bundled `causes.yaml`; None for the bundled one.

    Raises:
        TaxonomyError: the file is missing or not valid; the message names the entry and the cure.
    """
    file = Path(path) if path is not None else BUNDLED
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise TaxonomyError(f"cannot read the taxonomy {file}: {error}; give a UTF-8 YAML file") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: an impossible date, such as 2026-13-01
        raise TaxonomyError(f"{file} is not valid YAML: {' '.join(str(error).split())}; mend it there") from error
    if not isinstance(content, dict) or not isinstance(content.get("causes"), list) or not content["causes"]:
        raise TaxonomyError(f"{file} needs a list `causes` with at least one cause")
    languages = content.get("languages")
    if not isinstance(languages, list) or not languages or not all(isinstance(code, str) for code in languages):
        raise TaxonomyError(f"{file} needs a list `languages` of language codes, such as [en]")
    causes = tuple(_cause(file, number, entry, languages) for number, entry in enumerate(content["causes"], start=1))
    _check_unique(file, causes, languages)
    none = content.get("none") or {}
    return Taxonomy(
        causes=causes,
        languages=tuple(languages),
        none_name=_texts(file, NONE, none, "name", languages),
        none_description=_texts(file, NONE, none, "description", languages),
    )


def _cause(file: Path, number: int, entry: Any, languages: list[str]) -> Cause:
    cause_id = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(cause_id, str) or not cause_id.isidentifier():
        raise TaxonomyError(f"{file}: cause {number} has the id {cause_id!r}; use letters, digits and _")
    if cause_id == NONE:
        raise TaxonomyError(f"{file}: {NONE!r} stands for no cause and cannot be a cause's id; rename it")
    if not isinstance(entry.get("main", False), bool):
        raise TaxonomyError(f"{file}: `main` of {cause_id} must be true or false")
    texts = {key: _texts(file, cause_id, entry, key, languages) for key in ("name", "description", "action")}
    return Cause(id=cause_id, main=entry.get("main", False), **texts)


def _texts(file: Path, owner: str, entry: Any, key: str, languages: list[str]) -> Mapping[str, str]:
    texts = entry.get(key) if isinstance(entry, dict) else None
    if isinstance(texts, str):
        texts = dict.fromkeys(languages, texts)
    if not isinstance(texts, dict):
        raise TaxonomyError(f"{file}: {owner} has no `{key}`; give a text, or one text a language")
    for code in languages:
        if not isinstance(texts.get(code), str) or not texts[code].strip():
            raise TaxonomyError(f"{file}: `{key}` of {owner} is missing in {code!r}; add it or drop the language")
    return MappingProxyType({code: texts[code].strip() for code in languages})


def _check_unique(file: Path, causes: tuple[Cause, ...], languages: list[str]) -> None:
    ids = [cause.id for cause in causes]
    if twice := {i for i in ids if ids.count(i) > 1}:
        raise TaxonomyError(f"{file}: cause id {min(twice)!r} stands twice; rename one")
    for code in languages:
        names = [cause.name[code].casefold() for cause in causes]
        if len(set(names)) < len(names):
            raise TaxonomyError(f"{file}: two causes have the same name in {code!r}; rename one")
