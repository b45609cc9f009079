"""What the ledger teaches: nothing without outcomes, nothing from the future, and then weights that it records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.crowd import LearntRule, aggregate
from app.learning import Rules, history_of, learnt_rules
from db.ledger.ledger import Ledger
from db.records import BinaryQuestion, Forecast, MultipleChoiceQuestion
from db.values import ProbabilityValue
from ensembles.adaptive import MIN_KNOWN
from tests.app.taught import MEMBERS, N, forecast, question, resolution, teach

AS_OF = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(str(tmp_path / "ledger.db")) as book:
        yield book


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with Ledger(str(tmp_path_factory.mktemp("taught") / "ledger.db")) as book:
        teach(book, before=AS_OF)
        yield book


def rules(ledger: Ledger, *asked: BinaryQuestion | MultipleChoiceQuestion, members: Sequence[str] = MEMBERS) -> Rules:
    return learnt_rules(ledger, asked or [question(-1, AS_OF)], members, as_of=AS_OF)


def test_ledger_without_outcomes_changes_nothing(ledger: Ledger) -> None:
    assert rules(ledger) == Rules()
    asked = question(0, AS_OF - timedelta(20))
    ledger.append([asked, forecast(asked, "careful", 0.5)])
    assert rules(ledger) == Rules()
    assert Rules().of(asked) == "logit_pool"


def test_enough_market_questions_teach_weights_for_market_questions_alone(taught: Ledger) -> None:
    asked = question(-1, AS_OF)
    found = rules(taught, asked)
    rule = found.of(asked)
    assert isinstance(rule, LearntRule)
    assert rule.members == ("bold", "careful", "noisy")
    assert set(rule.parameters) == {"weight[bold]", "weight[careful]", "weight[noisy]"}
    assert max(rule.parameters, key=rule.parameters.__getitem__) == "weight[careful]"
    assert found.learnt == (rule.name,)
    assert found.of(question(-2, AS_OF, "fred")) == "logit_pool"
    answers = [forecast(asked, name, p) for name, p in zip(MEMBERS, (0.9, 0.5, 0.5), strict=True)]
    pooled, plain = (aggregate(answers, rule=one, created_at=AS_OF) for one in (rule, "logit_pool"))
    assert pooled is not None and plain is not None
    assert (pooled.rule, pooled.parameters) == (rule.name, rule.parameters)
    assert isinstance(pooled.value, ProbabilityValue) and isinstance(plain.value, ProbabilityValue)
    assert pooled.value.probability > plain.value.probability + 0.02


def test_too_few_outcomes_teach_nothing(ledger: Ledger) -> None:
    teach(ledger, before=AS_OF, n=MIN_KNOWN - 1)
    assert rules(ledger) == Rules()


def test_data_questions_of_few_rounds_teach_nothing(ledger: Ledger) -> None:
    teach(ledger, before=AS_OF, source="fred", days_apart=0.2)
    assert len(history_of(ledger, MEMBERS, as_of=AS_OF)) == N
    assert rules(ledger, question(-1, AS_OF, "fred")) == Rules()


def test_forecasts_made_after_the_outcome_was_known_are_not_learnt_from(ledger: Ledger) -> None:
    teach(ledger, before=AS_OF, late=True)
    assert len(history_of(ledger, MEMBERS, as_of=AS_OF)) == 0
    assert rules(ledger) == Rules()


def test_other_members_and_numbers_that_stand_apart_teach_nothing(taught: Ledger) -> None:
    assert rules(taught, members=("careful", "stranger")) == Rules()
    assert rules(taught, members=("human:ada",)) == Rules()
    apart = rules(taught, members=(*MEMBERS, "careful+shown", "market:metaculus"))
    assert isinstance(apart.market, LearntRule) and apart.market.members == ("bold", "careful", "noisy")


def test_questions_of_other_kinds_have_the_default_rule(taught: Ledger) -> None:
    choice = MultipleChoiceQuestion(
        text="Which?", options=("x", "y"), open_at=AS_OF, resolve_by=AS_OF, source="metaculus"
    )
    assert rules(taught, choice) == Rules()
    assert rules(taught, choice, question(-1, AS_OF)).of(choice) == "logit_pool"


def test_history_has_a_row_per_question_and_cut_off_and_nan_for_who_said_nothing(ledger: Ledger) -> None:
    asked = question(0, AS_OF - timedelta(20), "Manifold")
    later = forecast(asked, "a", 0.7).model_dump(exclude={"id"}) | {"as_of": asked.open_at + timedelta(1)}
    ledger.append([asked, forecast(asked, "a", 0.2), forecast(asked, "b", 0.3), Forecast(**later)])
    ledger.append([resolution(asked, True)])
    found = history_of(ledger, ("a", "b", "c"), as_of=AS_OF)
    np.testing.assert_array_equal(found.probability, [[0.2, 0.3, np.nan], [0.7, np.nan, np.nan]])
    assert found.outcome.tolist() == [1.0, 1.0]
    assert found.market.tolist() == [True, True]
    assert len(set(found.cluster)) == 1
    assert (found.asked_at[1] - found.asked_at[0]) == np.timedelta64(1, "D")
    assert found.known_at[0] == np.datetime64("2025-05-22")


@settings(max_examples=15, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 2 * N), st.booleans(), st.timedeltas(timedelta(0), timedelta(400))), max_size=8
    )
)
def test_outcomes_known_at_or_after_as_of_never_change_what_is_learnt(
    taught: Ledger, changes: list[tuple[int, bool, timedelta]]
) -> None:
    before = history_of(taught, MEMBERS, as_of=AS_OF)
    known = taught.questions()
    for at, outcome, later in changes:
        opened = AS_OF - timedelta(5)
        asked = known[at] if at < N else question(at, opened)
        assert isinstance(asked, BinaryQuestion)
        taught.append([asked, *(forecast(asked, name, 0.9) for name in MEMBERS)])
        taught.resolve([resolution(asked, outcome, AS_OF + later)], correct=True)
    after = history_of(taught, MEMBERS, as_of=AS_OF)
    for name in ("probability", "outcome", "asked_at", "known_at", "cluster", "market"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


def test_aggregate_is_the_same_whatever_becomes_known_later(taught: Ledger) -> None:
    asked = question(-1, AS_OF)
    answers = [forecast(asked, name, p) for name, p in zip(MEMBERS, (0.9, 0.4, 0.6), strict=True)]
    before = aggregate(answers, rule=rules(taught, asked).of(asked), created_at=AS_OF)
    future = [question(1000 + at, AS_OF - timedelta(9)) for at in range(200)]
    taught.append([forecast(item, name, 0.99) for item in future for name in MEMBERS])
    taught.append([*future, *(resolution(item, False, AS_OF) for item in future)])
    assert aggregate(answers, rule=rules(taught, asked).of(asked), created_at=AS_OF) == before
    much_later = learnt_rules(taught, [asked], MEMBERS, as_of=AS_OF + timedelta(1))
    assert aggregate(answers, rule=much_later.of(asked), created_at=AS_OF) != before
