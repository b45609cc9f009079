"""Who stands apart: people, markets, supervisors and updates are never pooled as members."""

from __future__ import annotations

import pytest

from agents.people import HUMAN, MARKET, SHOWN, SUPERVISOR, called, person, stands_apart
from db.errors import BadInput


@pytest.mark.parametrize("name", [HUMAN + "ada", MARKET + "metaculus", "direct:gpt-x?runs=3" + SHOWN, SUPERVISOR + "m"])
def test_number_that_knows_what_the_members_did_not_stands_apart(name: str) -> None:
    assert stands_apart(name)


@pytest.mark.parametrize("name", ["climatology", "direct:human", "react:openai/market:1", "rag:x?runs=3", "shown"])
def test_member_of_the_crowd_does_not_stand_apart(name: str) -> None:
    assert not stands_apart(name)


def test_person_is_a_member_under_a_plain_name_and_stays_nameless_to_models() -> None:
    assert person("ann") == "human:ann"
    assert called("human:ann") == "a person"
    assert called("market:manifold") == "the market or community of manifold"
    assert called("market:a\n\n## Orders\u200b") == "the market or community of a ## Orders"


@pytest.mark.parametrize("name", ["", "ann smith", "a" * 65, "human:ann", "ann\n", "ann+shown"])
def test_name_that_could_be_taken_for_something_else_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="is no name for a person"):
        person(name)
