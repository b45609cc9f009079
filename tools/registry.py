"""The tools by name. A tool function is resolved on use; `tools.binding` says what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from importlib import import_module

from db.errors import UnknownName
from db.events.snapshot import Snapshot
from tools.binding import BoundTool, Definition, define
from tools.tool import Tool

TOOLS: dict[str, str] = {
    "map_country_name_to_iso": "tools.codes:map_country_name_to_iso",
    "map_iso_to_country_name": "tools.codes:map_iso_to_country_name",
    "map_relation_description_to_cameo": "tools.codes:map_relation_description_to_cameo",
    "map_cameo_to_relation": "tools.codes:map_cameo_to_relation",
    "get_parent_relation": "tools.codes:get_parent_relation",
    "get_child_relations": "tools.codes:get_child_relations",
    "get_sibling_relations": "tools.codes:get_sibling_relations",
    "count_events": "tools.events:count_events",
    "get_events": "tools.events:get_events",
    "get_entity_distribution": "tools.events:get_entity_distribution",
    "get_relation_distribution": "tools.events:get_relation_distribution",
    "get_event_timeline": "tools.statistics:get_event_timeline",
    "get_decayed_relation_distribution": "tools.statistics:get_decayed_relation_distribution",
    "compare_windows": "tools.statistics:compare_windows",
    "get_base_rate": "tools.statistics:get_base_rate",
    "count_news_articles": "tools.articles:count_news_articles",
    "get_news_articles": "tools.articles:get_news_articles",
    "browse_news_article": "tools.articles:browse_news_article",
}


def toolbox(snapshot: Snapshot, names: Sequence[str] | None = None, *, budget_tokens: int = 1500) -> dict[str, Tool]:
    """The tools called `names` (all, if None), in order, over a snapshot; each observation within `budget_tokens`.

    Raises UnknownName for one that there is none of, BadInput for a budget too small to say anything.
    """
    tools: dict[str, Tool] = {}
    for name in TOOLS if names is None else names:
        if name not in TOOLS:
            near = get_close_matches(name, TOOLS, n=3)
            raise UnknownName(f"unknown tool {name!r}: choose from {', '.join(TOOLS)}", name=name, near=near)
        tools[name] = BoundTool(definition=definition(TOOLS[name]), snapshot=snapshot, budget_tokens=budget_tokens)
    return tools


@cache
def definition(address: str) -> Definition:
    """The tool function at "module:function", with what its docstring and hints say."""
    module, _, function = address.partition(":")
    return define(getattr(import_module(module), function))
