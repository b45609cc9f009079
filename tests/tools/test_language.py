"""What a model is told about the language of its sandbox is true."""

from __future__ import annotations

import pytest

from tests.tools.given import TOOLS, opened
from tools.language import MONTY_MODULES, describe, language_notes
from tools.sandbox import Kind, Limits


def test_description_tells_of_every_tool_and_calculation_once() -> None:
    text = describe("monty", TOOLS)
    for tool in TOOLS.values():
        assert text.count(f"\n{tool.signature}\n    Says something.") == 1
    assert (
        "linear_fit(xs: Sequence[float], ys: Sequence[float]) -> dict[str, float]\n    The least-squares line" in text
    )
    assert "run 3 seconds" in describe("bubblewrap", TOOLS, Limits(seconds=3))
    assert "## Tools" not in describe("monty", {})


def test_modules_that_monty_is_said_to_have_are_all_there_and_others_are_not() -> None:
    with opened() as sandbox:
        for module in MONTY_MODULES:
            assert sandbox.run(f"import {module}").error is None, module
        for module in ("numpy", "pandas", "string", "heapq", "operator", "subprocess", "socket", "ctypes", "abc"):
            error = sandbox.run(f"import {module}").error or ""
            assert "ModuleNotFoundError" in error and "use what you were told of" in error, module


@pytest.mark.parametrize(
    "code",
    [
        "def f(): yield 1",
        "class A: pass\nclass B(A): pass",
        "class E(Exception): pass",
        "class A:\n    @property\n    def p(self): return 1",
        "class A:\n    @classmethod\n    def p(cls): return 1",
        "class A:\n    @staticmethod\n    def p(): return 1",
        "d = {1: 2}\ndel d[1]",
        "try: pass\nexcept* ValueError: pass",
        "from math import *",
        "open('x')",
        "input()",
        "globals()",
        "dir([])",
        "callable(1)",
        "import datetime\ndatetime.date.today().isocalendar()",
        "import datetime\ndatetime.date.today().toordinal()",
        "import datetime\ndatetime.datetime.utcnow()",
        "sorted(['CHN'], key=look_up)",
        "list(map(look_up, ['CHN']))",
    ],
)
def test_what_monty_is_said_to_lack_it_lacks(code: str) -> None:
    with opened() as sandbox:
        assert sandbox.run(code).error is not None


@pytest.mark.parametrize("kind", ["monty", "bubblewrap"])
@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int = 1\nP(2).x", "2"),
        ("d = {1: 2, 3: 4}\nd.pop(1)\nd", "{3: 4}"),
        ("[look_up(c)['key'] for c in ['CHN', 'TWN']]", "['CHN', 'TWN']"),
        ("sum(x * x for x in range(4) if x % 2)", "10"),
        ("from collections import Counter, defaultdict\nCounter('aab').most_common(1)", "[('a', 2)]"),
        ("sorted({'b': 2, 'a': 1}.items(), key=lambda item: -item[1])", "[('b', 2), ('a', 1)]"),
        ("import json, re, math\n[json.loads('[1]'), re.findall('a', 'aba'), math.floor(1.5)]", "[[1], ['a', 'a'], 1]"),
        ("from datetime import date, timedelta\nstr(date(2025, 6, 1) - timedelta(days=7))", "'2025-05-25'"),
        ("match [1, 2]:\n    case [a, b]: r = a + b\nr", "3"),
        ("def counted(f):\n    return lambda *a: f(*a) + 1\n@counted\ndef one(): return 1\none()", "2"),
    ],
)
def test_common_python_runs(kind: Kind, code: str, value: str) -> None:
    with opened(kind) as sandbox:
        result = sandbox.run(code)
    assert (result.value, result.error) == (value, None)


def test_notes_of_full_python_say_whether_numpy_is_there() -> None:
    assert "its standard library and numpy" in language_notes("bubblewrap")
    assert "numpy" not in language_notes("bubblewrap").replace("and numpy", "")
