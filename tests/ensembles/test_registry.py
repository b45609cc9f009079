"""The registries: every rule resolves, has its kind's signature and says what it does."""

from __future__ import annotations

import inspect

import pytest

from ensembles.registry import DEFAULT_RULE, FITTED, POOLING, fitting_function, pooling_rule


@pytest.mark.parametrize("name", [*POOLING, *FITTED])
def test_registered_rules_resolve_with_one_signature_and_a_docstring(name: str) -> None:
    rule = pooling_rule(name) if name in POOLING else fitting_function(name)
    first, *others = inspect.signature(rule).parameters.values()
    assert first.name == "probability"
    assert all(p.kind is p.KEYWORD_ONLY for p in others)
    required = [p.name for p in others if p.default is p.empty]
    if name in POOLING:
        assert rule.__name__ == name and not required and others[0].name == "quorum"
    else:
        assert rule.__name__.startswith("fit_") and required == ["outcome"] and others[1].name == "weight"
    assert rule.__doc__


def test_registries_name_the_rules_for_one_they_do_not_know() -> None:
    assert DEFAULT_RULE in POOLING and not POOLING.keys() & FITTED.keys()
    with pytest.raises(ValueError, match="unknown pooling rule 'magic': choose one of .*median_pool"):
        pooling_rule("magic")
    with pytest.raises(ValueError, match="unknown fitted rule 'median_pool': choose one of .*ridge_stack"):
        fitting_function("median_pool")
