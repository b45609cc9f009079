"""Binding: what a function's docstring and hints become, and what becomes of wrong arguments."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from db.errors import BadInput, StoreChanged
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from tests.tools.worlds import AS_OF, PAST, build
from tools.binding import BoundTool, define
from tools.tool import Answer


def draw(
    snapshot: Snapshot,
    *,
    names: list[str] | None = None,
    size: Annotated[int, Field(ge=1)] = 3,
    share: float = 0.5,
    shape: Literal["round", "square"] = "round",
    title: str = "",
) -> Answer[dict[str, Any]]:
    """Draws.

    names: what to draw.
    """
    return Answer(data={"names": names, "size": size, "share": share, "shape": shape, "title": title}, heading="drawn")


def fails(snapshot: Snapshot) -> Answer[int]:
    """Fails as our own code would."""
    raise StoreChanged("the files are gone")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EventStore:
    return build(tmp_path_factory.mktemp("world"), PAST[:1])


@pytest.fixture(scope="module")
def tool(store: EventStore) -> BoundTool:
    return BoundTool(definition=define(draw), snapshot=store.as_of(AS_OF), budget_tokens=200)


def test_docstring_is_the_description_and_hints_are_the_schema(tool: BoundTool) -> None:
    assert tool.name == "draw"
    assert tool.description == "Draws.\n\nnames: what to draw."
    assert tool.schema["additionalProperties"] is False
    assert tool.schema["properties"] == {
        "names": {"anyOf": [{"items": {"type": "string"}, "type": "array"}, {"type": "null"}], "default": None},
        "size": {"default": 3, "minimum": 1, "type": "integer"},
        "share": {"default": 0.5, "type": "number"},
        "shape": {"default": "round", "enum": ["round", "square"], "type": "string"},
        "title": {"default": "", "type": "string"},
    }


def test_signature_is_python_without_the_snapshot(tool: BoundTool) -> None:
    assert tool.signature == (
        "draw(names: list[str] | None = None, size: int = 3, share: float = 0.5, "
        "shape: Literal['round', 'square'] = 'round', title: str = '') -> dict[str, Any]"
    )


def test_arguments_go_by_name_or_by_position(tool: BoundTool) -> None:
    assert list(tool(["a"], 4, title="t").data.values()) == [["a"], 4, 0.5, "round", "t"]
    assert list(tool(share=1).data.values()) == [None, 3, 1.0, "round", ""]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"names": "China"}, "draw: names should be a valid list; given: 'China'"),
        ({"names": ["a", 3]}, "draw: names (item 1) should be a valid string; given: 3"),
        ({"size": 0}, "draw: size should be greater than or equal to 1; given: 0"),
        ({"size": "7"}, "draw: size should be a valid integer; given: '7'"),
        ({"size": True}, "draw: size should be a valid integer; given: True"),
        ({"shape": "oval"}, "draw: shape should be 'round' or 'square'; given: 'oval'"),
        ({"title": None}, "draw: title should be a valid string; given: None"),
        ({"colour": 1}, "draw: there is no argument 'colour': the arguments are names, size, share, shape, title"),
        ({"self": 1}, "draw: there is no argument 'self': the arguments are names, size, share, shape, title"),
    ],
)
def test_wrong_arguments_fail_with_one_sentence(tool: BoundTool, arguments: dict[str, Any], sentence: str) -> None:
    observation = tool(**arguments)
    assert observation.failed and observation.data is None
    assert observation.text == sentence


def test_too_many_positions_and_doubled_arguments_fail(tool: BoundTool) -> None:
    assert "at most 5 arguments, not 6" in tool(*[None] * 6).text
    assert tool(["a"], names=["b"]).text == "draw: the argument names is given twice, by position and by name"


def test_a_missing_argument_is_named(store: EventStore) -> None:
    def needs(snapshot: Snapshot, *, name: str) -> Answer[str]:
        """Needs."""
        return Answer(data=name, heading=name)

    bound = BoundTool(definition=define(needs), snapshot=store.as_of(AS_OF), budget_tokens=200)
    assert bound().text == "needs: the argument name is missing: the arguments are name"


def test_a_long_complaint_is_kept_within_the_budget(tool: BoundTool) -> None:
    observation = tool(**{"x" * 100_000: 1})
    assert observation.failed and len(observation.text.encode()) <= 800


def test_our_own_faults_are_raised(store: EventStore) -> None:
    bound = BoundTool(definition=define(fails), snapshot=store.as_of(AS_OF), budget_tokens=200)
    with pytest.raises(StoreChanged):
        bound()


def test_a_budget_too_small_to_say_anything_is_refused(store: EventStore) -> None:
    with pytest.raises(BadInput, match="budget_tokens"):
        BoundTool(definition=define(draw), snapshot=store.as_of(AS_OF), budget_tokens=10)


def test_define_refuses_what_is_no_tool_function() -> None:
    def silent(snapshot: Snapshot) -> Answer[int]:
        return Answer(data=1, heading="1")

    def blind(name: str) -> Answer[int]:
        """Takes no snapshot."""
        return Answer(data=1, heading=name)

    for function in (silent, blind):
        with pytest.raises(TypeError, match="is no tool function"):
            define(function)
