"""Whether a model may have read about what it is asked: its dates against the query's cut-off.

A model that was released, or whose training ended, on or after a query's cut-off may know more than the snapshot shows
it. Rows of different classes are never averaged together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from agents.members.registry import models_of

if TYPE_CHECKING:
    from agents.llm.models import ModelTable

Contamination = Literal["clean", "possibly contaminated", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDates:
    """When a model was released and when its training data ends; None where that is not known."""

    model: str
    release_date: date | None = None
    knowledge_cutoff: date | None = None


@dataclass(frozen=True, slots=True)
class Models:
    """The dates of all models that members may ask; without a table there are no models."""

    table: ModelTable | None

    def asked_by(self, member: str) -> ModelDates | None:
        """The model that a member is named after; None for a member that asks none."""
        found = models_of([member])
        return self._dates(found[0]) if found else None

    def behind(self, member: str, used: str) -> list[ModelDates]:
        """The models that an answer rests on: the one asked, and those named in `used`, which may be its fallbacks."""
        asked = self.asked_by(member)
        if asked is None:
            return []
        return [asked, *(self._dates(name) for name in used.split(", ") if name not in ("", asked.model))]

    def _dates(self, name: str) -> ModelDates:
        """The dates of one model; none are known of one that is not in the table."""
        model = None if self.table is None else self.table.named.get(name)
        if model is None:
            return ModelDates(model=name)
        return ModelDates(model=name, release_date=model.release_date, knowledge_cutoff=model.knowledge_cutoff)


def contamination(models: Iterable[ModelDates], as_of: datetime) -> Contamination:
    """The worst class of the models that an answer rests on; clean where it rests on none.

    A known date on or after the cut-off's day makes it possibly contaminated. Clean asks for a release date before it,
    which is a fact; a model known by its stated end of training alone stays unknown.
    """
    found: Contamination = "clean"
    for dates in models:
        known = [moment for moment in (dates.release_date, dates.knowledge_cutoff) if moment is not None]
        if any(moment >= as_of.date() for moment in known):
            return "possibly contaminated"
        if dates.release_date is None:
            found = "unknown"
    return found
