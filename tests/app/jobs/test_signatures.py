"""Failures are alike once what differs between them is taken out."""

from __future__ import annotations

import pytest

from app.jobs.signatures import LONGEST, signature


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("it had no answer after 12.5 s", "it had no answer after 900 s"),
        ("question 3f2a9c0d1b is gone", "question 0011aabb22 is gone"),
        ("model 'gpt-x' refused \"this\"", "model 'other' refused \"that\""),
        ("no route to http://10.0.0.1:80/v1?x=1", "no route to https://api.example.com/v2"),
        ("12 tries at 10.0.0.1:8080", "3 tries at 192.168.1.7:99"),
        ("write to ada@example.com", "write to bob@example.org"),
        ("run 6f1c2f0e-8f3b-4a55-9c1d-2b7e1f0a9c11  broke", "run 00000000-8f3b-4a55-9c1d-2b7e1f0a9c12 broke"),
    ],
)
def test_failures_that_differ_in_particulars_are_alike(one: str, other: str) -> None:
    assert signature(one) == signature(other) != ""


def test_failures_of_different_kinds_stay_apart() -> None:
    assert signature("the server had an error") != signature("the answer was refused")


def test_signature_is_short_and_stable() -> None:
    long = "word " * 500
    assert len(signature(long)) <= LONGEST and signature(signature("took 5 s at 'x'")) == signature("took 5 s at 'x'")
