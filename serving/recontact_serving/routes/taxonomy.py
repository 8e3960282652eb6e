"""Taxonomy: the causes of the model in service, named in a language."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel

from recontact_data.taxonomy import NONE
from recontact_serving.answering import Answering
from recontact_serving.problems import responses

router = APIRouter(prefix="/v1", tags=["classification"])


class CauseOut(BaseModel):
    """A cause; `none`, the last, stands for no cause."""

    id: str
    main: bool
    name: str
    description: str
    action: str


class TaxonomyOut(BaseModel):
    """The causes in one language, and the languages there are."""

    language: str
    languages: list[str]
    causes: list[CauseOut]


@router.get("/taxonomy", responses=responses(404, 422))
async def taxonomy(answer: Answering, lang: Annotated[str, Query(description="Language code.")] = "en") -> TaxonomyOut:
    """Name, description and what to do about it, of each cause."""
    known = answer.classifier.taxonomy
    if lang not in known.languages:
        raise HTTPException(404, f"no names in {lang!r}; choose one of {', '.join(known.languages)}")
    causes = [
        CauseOut(id=c.id, main=c.main, name=c.name[lang], description=c.description[lang], action=c.action[lang])
        for c in known
    ]
    none = CauseOut(
        id=NONE, main=False, name=known.none_name[lang], description=known.none_description[lang], action=""
    )
    return TaxonomyOut(language=lang, languages=list(known.languages), causes=[*causes, none])
