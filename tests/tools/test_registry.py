"""Every tool in the registry: documented, typed, blind to the future, deaf to injection, within its budget."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.articles.slugs import index_slugs
from db.errors import UnknownName
from db.events.snapshot import Snapshot
from db.events.store import EventStore
from db.gdelt.ingest import ingest_files
from tests.tools.worlds import AS_OF, CALLS, CANARY, PAST, build, observe_all, with_future
from tools.registry import TOOLS, definition, toolbox
from tools.rendering import tokens_of
from tools.tool import Observation

HOSTILE = (
    "' OR 1=1 --",
    "CHN'; DROP TABLE quads; --",
    '"; DELETE FROM version; --',
    "*) UNION SELECT * FROM read_text('/etc/passwd') --",
    "NEAR(a b) AND title:*",
    "\\",
    "%",
    "\0",
    "\ud800",
    "{quads}",
    "x" * 5000,
    "",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EventStore:
    return with_future(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def snapshot(store: EventStore) -> Snapshot:
    return store.as_of(AS_OF)


def said(observations: Mapping[str, list[Observation]]) -> Iterator[tuple[str, Observation]]:
    return ((name, observation) for name, several in observations.items() for observation in several)


@pytest.mark.parametrize(("name", "address"), TOOLS.items())
def test_every_address_is_a_documented_typed_function(name: str, address: str) -> None:
    found = definition(address)
    assert found.name == name
    summary, _, details = found.description.partition("\n\n")
    assert summary.endswith(".")
    assert "Returns" in details
    assert all(f"{argument}" in details for argument in found.schema["properties"]), "every argument is explained"
    assert found.signature.startswith(f"{name}(") and " -> " in found.signature
    json.dumps(found.schema)


def test_every_tool_is_tried() -> None:
    assert set(CALLS) == set(TOOLS)


def test_toolbox_gives_the_tools_asked_for_in_order(snapshot: Snapshot) -> None:
    assert list(toolbox(snapshot)) == list(TOOLS)
    assert list(toolbox(snapshot, ["get_events", "count_events"])) == ["get_events", "count_events"]
    assert toolbox(snapshot, []) == {}
    with pytest.raises(UnknownName, match="get_event") as caught:
        toolbox(snapshot, ["get_event"])
    assert "get_events" in caught.value.near


def test_valid_calls_succeed_with_json_data(snapshot: Snapshot) -> None:
    for name, observation in said(observe_all(snapshot)):
        assert not observation.failed, f"{name}: {observation.text}"
        assert json.loads(json.dumps(observation.data)) == observation.data


@pytest.mark.parametrize("cache", [None, "memory"])
def test_no_tool_sees_what_became_known_at_or_after_as_of(store: EventStore, tmp_path: Path, cache: Any) -> None:
    """A store that ends before as_of and one that goes on say the same, and the canaries are in neither."""
    whole, past = observe_all(store.as_of(AS_OF, cache=cache)), observe_all(build(tmp_path, PAST).as_of(AS_OF))
    assert whole == past
    for name, observation in said(whole):
        told = [
            json.dumps(observation.data),
            observation.text,
            *(item.model_dump_json() for item in observation.evidence),
        ]
        assert CANARY not in " ".join(told).lower(), name
    later = observe_all(store.as_of(datetime(2025, 6, 1, tzinfo=UTC)))
    assert any(CANARY in json.dumps(observation.data).lower() for _, observation in said(later)), "the canary is there"


def test_everything_behind_an_observation_was_known_before_as_of(store: EventStore) -> None:
    for day in (16, 22, 26):
        moment = datetime(2025, 5, day, 9, tzinfo=UTC)
        for name, observation in said(observe_all(store.as_of(moment))):
            moments = [item.added_at for item in observation.evidence]
            if observation.latest_added_at is not None:
                assert observation.latest_added_at < moment, name
                assert all(added_at <= observation.latest_added_at for added_at in moments), name
            else:
                assert not moments, name


def test_snapshots_asked_at_once_from_many_threads_never_mix(store: EventStore) -> None:
    moments = [datetime(2025, 5, day, tzinfo=UTC) for day in (21, 23, 25, 26)]
    snapshots = [store.as_of(moment) for moment in moments]
    alone = [observe_all(snapshot) for snapshot in snapshots]
    assert len({json.dumps([repr(item) for item in said(observed)]) for observed in alone}) == len(moments)
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(observe_all, snapshots * 2))
    assert together == alone * 2


def test_hostile_text_in_any_argument_changes_nothing(store: EventStore, snapshot: Snapshot) -> None:
    before, files = observe_all(snapshot), _content(store.path)
    tools = toolbox(snapshot)
    for name, calls in CALLS.items():
        for argument, schema in tools[name].schema["properties"].items():
            for hostile in HOSTILE:
                for value in _placed(hostile, schema):
                    observation = tools[name](**{**calls[-1], argument: value})
                    assert CANARY not in json.dumps(observation.data), (name, argument, hostile)
                    assert "root:" not in observation.text
                    observation.text.encode()
    assert observe_all(snapshot) == before
    assert _content(store.path) == files


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["CHN", "Korea", "2025-05-20", "2025-5-20", "0000-00-00", "13", "head", "day", "drills"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_that_a_caller_can_send_raises(snapshot: Snapshot, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(TOOLS)))
    tool = toolbox(snapshot, [name], budget_tokens=100)[name]
    names = st.sampled_from([*tool.schema["properties"], "unknown"])
    observation = tool(*data.draw(st.lists(JSON, max_size=2)), **data.draw(st.dictionaries(names, JSON, max_size=4)))
    assert tokens_of(observation.text) <= 100
    assert observation.failed == (observation.data is None) or name in ("get_parent_relation", "browse_news_article")


@pytest.mark.parametrize("budget", [100, 300, 1500])
def test_budget_is_kept_on_the_real_stream(data_dir: Path, real: EventStore, budget: int) -> None:
    for moment in (datetime(2025, 5, 17, tzinfo=UTC), datetime(2025, 5, 19, 6, tzinfo=UTC)):
        for name, tool in toolbox(real.as_of(moment), budget_tokens=budget).items():
            for arguments in CALLS[name]:
                observation = tool(**arguments)
                assert tokens_of(observation.text) <= budget, name
                assert observation.latest_added_at is None or observation.latest_added_at < moment


@pytest.fixture(scope="module")
def real(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> EventStore:
    folder = tmp_path_factory.mktemp("real")
    files = sorted((data_dir / "gdelt" / "stream_2025").glob("*.zst"))[:4]
    ingest_files(files, folder)
    index_slugs(folder)
    return EventStore(folder)


def _placed(text: str, schema: Mapping[str, Any]) -> list[Any]:
    """The text wherever the schema takes one."""
    kinds = schema.get("anyOf", [schema])
    values: list[Any] = [text] if any(kind.get("type") == "string" for kind in kinds) else []
    return values + [[text] * kind.get("minItems", 1) for kind in kinds if kind.get("type") == "array"]


def _content(folder: Path) -> dict[str, str]:
    """A hash of every file of a store, but for what SQLite keeps beside its database while it is read."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }
