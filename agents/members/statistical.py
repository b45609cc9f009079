"""The statistical members of the crowd: counts, rates and learned models over a snapshot's history.

They answer relation questions (a probability per root and base code, and the set chosen from them) and binary questions
with an event criterion. All of them are computed together, because they share the walk through the past.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

import numpy as np

from agents.members.equipment import Equipment
from agents.members.fit import LEARNED, RELATION_MEMBERS, ask, sets_of
from agents.members.fit import fit as fit_relations
from agents.members.fits import FitCache
from agents.members.rates import CountQueries, describe
from agents.members.state import Floats, History, Ints, history_of
from agents.members.walk import Queries
from agents.members.windows import WINDOW_MEMBERS, fit_windows
from db.cameo import expand
from db.events.quads import Quads
from db.events.snapshot import Snapshot
from db.questions.factory import first_full_day
from db.questions.lateness import begun_before
from db.questions.resolver import criterion_of
from db.records import EventCriterion, FailureReason, Forecast, MemberFailure, Question, RelationQuestion
from db.values import CodesValue, ProbabilityValue, Value

NAMES = WINDOW_MEMBERS
LISTED = 1e-4
"""Codes below this probability are not listed one by one; they share their mean as `unlisted`."""

LEARNED_WINDOWS = frozenset({*LEARNED, "self_exciting"})
"""Members whose rates of events are learnt; where none of them is asked for, nothing is fitted to windows."""

_EPOCH = date(1970, 1, 1)
Answer = Value | tuple[FailureReason, str]
_PENDING = (FailureReason.ERROR, "was not computed")


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


class StatisticalMember:
    """One statistical member; `crowd` computes it together with its fellows."""

    def __init__(self, name: str, crowd: StatisticalCrowd) -> None:
        self.name = name
        self._crowd = crowd

    async def forecast(
        self, questions: Sequence[Question], snapshot: Snapshot, *, created_at: datetime
    ) -> list[Forecast | MemberFailure]:
        """One forecast or failure per question, in order; see `Member`."""
        answers = (await self._crowd.answers(questions, snapshot))[self.name]
        common: dict[str, Any] = {"member": self.name, "as_of": snapshot.as_of, "created_at": created_at}
        found: list[Forecast | MemberFailure] = []
        for question, answer in zip(questions, answers, strict=True):
            if isinstance(answer, tuple):
                reason, detail = answer
                found.append(MemberFailure(question_id=question.id, reason=reason, detail=detail, **common))
            else:
                found.append(
                    Forecast(question_id=question.id, value=answer, corpus_fingerprint=snapshot.fingerprint, **common)
                )
        return found


class StatisticalCrowd:
    """Computes the answers of all `names` at once, and keeps the last ones for the members that ask next.

    It computes on one thread of its own: members that ask at the same time find what the first of them had computed,
    and whoever else shares the event loop is not held up.
    """

    def __init__(self, names: Sequence[str] = NAMES, cache: FitCache | None = None) -> None:
        self._names = tuple(names)
        self._cache = cache or FitCache()
        self._last: tuple[object, dict[str, list[Answer]]] | None = None
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="statistical-members")
        self._sources = frozenset(_source_member(name) for name in self._names)

    async def answers(self, questions: Sequence[Question], snapshot: Snapshot) -> dict[str, list[Answer]]:
        """Member -> one value or (failure reason, detail) per question, in order."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, self._kept_or_computed, tuple(questions), snapshot)

    def _kept_or_computed(self, questions: Sequence[Question], snapshot: Snapshot) -> dict[str, list[Answer]]:
        """Runs on the worker alone, so that nothing is computed twice and `_last` needs no lock."""
        key = (*_source(snapshot), tuple(question.id for question in questions))
        if self._last is None or self._last[0] != key:
            self._last = (key, self._compute(questions, snapshot))
        return self._last[1]

    def _compute(self, questions: Sequence[Question], snapshot: Snapshot) -> dict[str, list[Answer]]:
        known = day_number(first_full_day(snapshot.as_of))
        quads = snapshot.quads()
        refusals = [_refusal(question, snapshot, len(quads)) for question in questions]
        found: dict[str, list[Answer]] = {name: [refusal or _PENDING for refusal in refusals] for name in self._names}
        places = [place for place, refusal in enumerate(refusals) if refusal is None]
        if not places:
            return found
        asked = [questions[place] for place in places]
        criteria = [criterion for question in asked if (criterion := criterion_of(question)) is not None]
        windows = self._windows(history_of(quads, digits=3, before=known), criteria, known, snapshot)
        relations = {at: question for at, question in enumerate(asked) if isinstance(question, RelationQuestion)}
        codes = self._relations(quads, relations, windows, known, snapshot) if relations else {}
        for name, answers in found.items():
            window = windows[name]
            for at, place in enumerate(places):
                if at in relations:
                    answers[place] = codes[name][at]
                elif isinstance(window, tuple):
                    answers[place] = window
                else:
                    answers[place] = ProbabilityValue(probability=float(window[at]))
        return found

    def _windows(
        self, history: History, criteria: Sequence[EventCriterion], known: int, snapshot: Snapshot
    ) -> dict[str, Floats | tuple[FailureReason, str]]:
        """Each member's probability that each criterion is met, or why it has none."""
        queries = _count_queries(history, criteria, known)
        shapes = queries.shapes()
        order = np.lexsort(shapes.T)
        needed = WINDOW_MEMBERS if LEARNED_WINDOWS & set(self._names) else ()
        key = ("windows", needed, *_source(snapshot), shapes[order].tolist())
        try:
            fitted = self._cache.get(key, lambda: fit_windows(history, known, queries.only(order), needed))
        except ValueError as error:
            fitted, why = fit_windows(history, known, queries, ()), (FailureReason.NO_HISTORY, str(error))
        else:
            why = (FailureReason.NO_HISTORY, "")
        described = describe(history, queries)
        return {
            name: why if why[1] and name in LEARNED_WINDOWS else fitted.answer(name, queries, described)
            for name in self._names
        }

    def _relations(
        self,
        quads: Quads,
        relations: dict[int, RelationQuestion],
        windows: dict[str, Floats | tuple[FailureReason, str]],
        known: int,
        snapshot: Snapshot,
    ) -> dict[str, dict[int, Answer]]:
        """Each member's answers to relation questions, by the question's place among the windows."""
        queries = Queries(
            subject=tuple(question.subject for question in relations.values()),
            object=tuple(question.object for question in relations.values()),
            day=np.array([day_number(question.day) for question in relations.values()]),
            known=np.full(len(relations), known),
        )
        lead = int((queries.day - known).max())
        needed = RELATION_MEMBERS if self._sources & set(LEARNED) else tuple(sorted(self._sources))
        try:
            fitted = self._cache.get(
                ("relations", needed, *_source(snapshot), lead),
                lambda: fit_relations(quads, known, members=needed, max_lead=lead),
            )
        except ValueError as error:
            return {name: dict.fromkeys(relations, (FailureReason.NO_HISTORY, str(error))) for name in windows}
        conditional = ask(quads, queries, fitted, needed)
        given = np.array([question.given_any_event for question in relations.values()])
        found: dict[str, dict[int, Answer]] = {}
        for name, window in windows.items():
            if isinstance(window, tuple):
                found[name] = dict.fromkeys(relations, window)
                continue
            any_event = np.where(given, 1.0, window[list(relations)])
            source = _source_member(name)
            p = {digits: np.clip(conditional[digits][source], 0, 1) * any_event[:, None] for digits in (2, 3)}
            p[2] = np.maximum(p[2], _highest_child(p[3], quads.codes))
            chosen = [
                sets_of(source, p[digits], fitted.levels[digits], empty=np.where(given, 0.0, 1 - any_event))
                for digits in (2, 3)
            ]
            names = [*sorted({code[:2] for code in quads.codes}), *quads.codes]
            both, picked = np.concatenate([p[2], p[3]], axis=1), np.concatenate(chosen, axis=1)
            found[name] = {at: _codes_value(names, both[row], picked[row]) for row, at in enumerate(relations)}
        return found


def _source_member(name: str) -> str:
    """Which member says how likely each code is given an event: those that only count windows lean on another."""
    return name if name in RELATION_MEMBERS else "shrunk_frequency"


def _source(snapshot: Snapshot) -> tuple[object, ...]:
    """What a snapshot's history is determined by."""
    return snapshot.fingerprint, snapshot.as_of.isoformat(), snapshot.view


def _refusal(question: Question, snapshot: Snapshot, n_events: int) -> tuple[FailureReason, str] | None:
    """Why no statistical member answers a question, or None."""
    criterion = criterion_of(question)
    if criterion is None:
        return FailureReason.UNSUPPORTED, "statistical members answer questions that the event store can resolve"
    if criterion.min_mentions != snapshot.view.min_mentions:
        floor = snapshot.view.min_mentions
        return (
            FailureReason.UNSUPPORTED,
            f"asks above {criterion.min_mentions} mentions, the snapshot shows above {floor}",
        )
    if late := begun_before(question, snapshot.as_of):
        return FailureReason.UNSUPPORTED, late
    if not n_events:
        return FailureReason.NO_HISTORY, f"no events are known before {snapshot.as_of:%Y-%m-%d}"
    return None


def _count_queries(history: History, criteria: Sequence[EventCriterion], known: int) -> CountQueries:
    wanted = [None if criterion.codes is None else expand(criterion.codes) for criterion in criteria]
    return CountQueries(
        pair=history.pair_of(
            history.positions([criterion.subject for criterion in criteria]),
            history.positions([criterion.object for criterion in criteria]),
        ),
        codes=np.array([[codes is None or code in codes for code in history.codes] for codes in wanted]),
        first=np.array([day_number(criterion.first_day) for criterion in criteria]),
        last=np.array([day_number(criterion.last_day) for criterion in criteria]),
        at_least=np.array([criterion.at_least for criterion in criteria]),
        known=np.full(len(criteria), known),
    )


def _highest_child(base: Floats, codes: Sequence[str]) -> Floats:
    """For each root the highest probability among its base codes, (queries, roots): a root cannot be less likely."""
    roots = np.unique([code[:2] for code in codes], return_inverse=True)[1]
    return np.stack([base[:, roots == root].max(axis=1) for root in range(roots.max() + 1)], axis=1)


def _codes_value(names: Sequence[str], p: Floats, chosen: Ints | Any) -> CodesValue:
    listed = p >= LISTED
    return CodesValue(
        probabilities={
            name: round(float(value), 6) for name, value, keep in zip(names, p, listed, strict=True) if keep
        },
        unlisted=round(float(p[~listed].mean()), 8) if (~listed).any() else 0.0,
        selected=tuple(name for name, pick in zip(names, chosen, strict=True) if pick),
    )


def build(names: Sequence[str], equipment: Equipment) -> list[StatisticalMember]:
    """Statistical members of these names, computed together."""
    crowd = StatisticalCrowd(names, equipment.fits)
    return [StatisticalMember(name, crowd) for name in names]
