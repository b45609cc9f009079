"""The sandbox does what honest code needs, the same in both kinds, and says how to mend what went wrong."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from db.errors import BadInput, StoreChanged
from tests.tools.given import AS_OF, KNOWN, TOOLS, Given, opened
from tests.tools.stakes import need_bwrap
from tools.sandbox import Kind, Limits, SandboxResult, open_sandbox
from tools.tool import Observation

KINDS: tuple[Kind, ...] = ("monty", "bubblewrap")
AFRESH = "The sandbox was started afresh: nothing that earlier blocks defined is left."
both_kinds = pytest.mark.parametrize("kind", KINDS)


def ran(code: str, kind: Kind, **limits: float) -> SandboxResult:
    with opened(kind, **limits) as sandbox:
        return sandbox.run(code)


@both_kinds
def test_output_value_and_names_live_from_block_to_block(kind: Kind) -> None:
    with opened(kind) as sandbox:
        first = sandbox.run("def double(x): return 2 * x\nprint('hello')\nn = double(21)")
        second = sandbox.run("print('n is', n)\n[double(n), 'text', None]")
        third = sandbox.run("n = None\nn")
    assert (first.stdout, first.value, first.error, first.text) == ("hello", "", None, "hello")
    assert (second.stdout, second.value) == ("n is 42", "[84, 'text', None]")
    assert second.text == "n is 42\n[84, 'text', None]"
    assert third.text == "(no output: print what you want to see)"
    assert 0 <= first.seconds < 10


@both_kinds
def test_sandboxes_share_no_state(kind: Kind) -> None:
    for number in range(3):
        with opened(kind) as sandbox:
            assert "NameError" in (sandbox.run("secret").error or "")
            sandbox.run(f"secret = {number}")


@both_kinds
def test_many_sandboxes_at_once_keep_apart(kind: Kind) -> None:
    def work(number: int) -> str:
        with opened(kind) as sandbox:
            sandbox.run(f"n = look_up('CHN', times={number})")
            return sandbox.run("len(n['counts'])").value

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(work, range(6))) == [str(number) for number in range(6)]


@both_kinds
def test_clock_stands_still_at_as_of(kind: Kind) -> None:
    code = (
        "import time, datetime\nfrom datetime import date\ntime.sleep(3600)\n"
        "print(datetime.datetime.now(), datetime.datetime.now(datetime.timezone.utc).isoformat(), date.today())\n"
        "print(time.time(), time.time_ns(), time.monotonic(), time.perf_counter(), time.strftime('%Y-%m-%d %H:%M'))\n"
        "print(isinstance(date.today(), datetime.date), datetime.datetime(2025, 6, 1).date() == date.today())"
    )
    moment = AS_OF.timestamp()
    assert ran(code, kind).stdout.splitlines() == [
        "2025-06-01 12:30:00 2025-06-01T12:30:00+00:00 2025-06-01",
        f"{moment} {int(moment)}000000000 {moment} {moment} 2025-06-01 12:30",
        "True True",
    ]


@both_kinds
def test_chance_is_the_same_in_every_session(kind: Kind) -> None:
    code = "import random\n[random.random(), random.randint(1, 10**9), random.sample(range(100), 3), hash('a')]"
    assert ran(code, kind).value == ran(code, kind).value != ""


@both_kinds
def test_tool_calls_are_answered_with_data_and_recorded(kind: Kind) -> None:
    result = ran("a = look_up('CHN')\nb = look_up('TWN', 2)\nlook_up(times=3, key='JPN')['counts']", kind)
    assert result.value == "[3, 3, 3]"
    assert [(call.name, call.arguments) for call in result.calls] == [
        ("look_up", {"key": "CHN"}),
        ("look_up", {"key": "TWN", "times": 2}),
        ("look_up", {"key": "JPN", "times": 3}),
    ]
    assert result.calls[1].observation == TOOLS["look_up"]("TWN", 2)
    assert result.latest_added_at == KNOWN


@both_kinds
def test_dates_tuples_and_sets_reach_a_tool_as_json(kind: Kind) -> None:
    result = ran("import datetime\nlook_up([datetime.date(2025, 5, 1), (1, 2.5), {'b', 'a'}, {1: None}])", kind)
    assert result.calls[0].arguments == {"key": ["2025-05-01", [1, 2.5], ["a", "b"], {"1": None}]}


@both_kinds
def test_refused_call_raises_what_the_tool_says_and_can_be_caught(kind: Kind) -> None:
    sentence = "look_up: 'XXX' is no country: did you mean CHN?"
    caught = ran("try:\n    look_up('XXX')\nexcept ValueError as error:\n    print('caught', error)", kind)
    assert (caught.stdout, caught.error) == (f"caught {sentence}", None)
    assert caught.calls[0].observation.failed
    uncaught = ran("x = 1\nlook_up('XXX')", kind)
    assert uncaught.error == f"Traceback (most recent call last):\n  line 2: look_up('XXX')\nValueError: {sentence}"
    wrong = ran("look_up()", kind)
    assert wrong.error is not None and "the argument key is missing" in wrong.error


@both_kinds
@pytest.mark.parametrize("value", ["float('nan')", "look_up", "[1e999]", "2**80", "'x' * 200000", "[[]] * 200000"])
def test_what_is_no_plain_data_never_reaches_a_tool(kind: Kind, value: str) -> None:
    result = ran(f"try: look_up({value})\nexcept ValueError as e: print(e)", kind)
    given = [call.arguments.get("key") for call in result.calls]
    assert ("argument number 1" in result.stdout) != (given == ["look_up"]), "a tool may be named, not handed over"


@both_kinds
def test_error_names_lines_and_functions_of_the_code(kind: Kind) -> None:
    with opened(kind) as sandbox:
        sandbox.run("\ndef share(n):\n    return 1 / n")
        result = sandbox.run(
            "counts = [1, 0]\n\ndef all_shares():\n    return [share(n) for n in counts]\n\nall_shares()"
        )
        assert result.error is not None
        lines = result.error.splitlines()
        assert lines[0] == "Traceback (most recent call last):"
        assert lines[1] == "  line 6: all_shares()"
        assert lines[2] == "  line 4 of all_shares: return [share(n) for n in counts]"
        assert lines[-2] == "  line 3 of share (an earlier block): return 1 / n"
        assert lines[-1] == "ZeroDivisionError: division by zero"
        syntax = sandbox.run("x = 1\nfor y in [1, 2]\n    print(y)").error or ""
        assert "line 2" in syntax and "SyntaxError" in syntax
        assert sandbox.run("x").error is not None, "a block that cannot be read is not run in part"
        deep = sandbox.run("def f(n): return f(n + 1)\nf(0)").error or ""
        assert deep.splitlines()[-1].startswith("RecursionError")
        assert len(deep.splitlines()) < 12
        assert sandbox.run("counts").value == "[1, 0]", "errors cost no state"


@both_kinds
def test_endless_loop_is_stopped_and_the_sandbox_starts_afresh(kind: Kind) -> None:
    with opened(kind, seconds=0.3) as sandbox:
        sandbox.run("x = 1")
        stopped = sandbox.run("print('begun')\nx = 2\nwhile True: x += 1")
        after = sandbox.run("x")
        tools = sandbox.run("look_up('CHN')['key']")
    assert stopped.error is not None and stopped.error.startswith("TimeoutError") and stopped.error.endswith(AFRESH)
    assert stopped.seconds < 10
    assert "NameError" in (after.error or "")
    assert tools.value == "'CHN'"
    assert stopped.stdout == "begun"


@both_kinds
def test_memory_is_limited(kind: Kind) -> None:
    with opened(kind, memory_mb=96) as sandbox:
        assert sandbox.run("len(bytes(20 * 2**20))").value == str(20 * 2**20)
        assert "MemoryError" in (sandbox.run("x = [bytes(2**20) for _ in range(300)]").error or "")
        assert sandbox.run("1").value == "1"


@both_kinds
def test_output_value_and_error_are_cut_with_a_mark(kind: Kind) -> None:
    with opened(kind, output_chars=100, value_chars=200) as sandbox:
        result = sandbox.run("for i in range(1000): print('0123456789')\n'y' * 100000")
        error = sandbox.run("raise ValueError('z' * 100000)").error or ""
        unread = sandbox.run("'after'")
    assert result.stdout.startswith("0123456789\n") and result.stdout.endswith(
        "\n[10,900 more characters were cut off]"
    )
    assert result.value.startswith("'yyy") and "more characters were cut off]" in result.value
    assert max(len(result.stdout), len(result.value), len(error)) <= 250
    assert unread.value == "'after'"


@both_kinds
def test_tool_calls_of_a_block_are_limited(kind: Kind) -> None:
    with opened(kind, tool_calls=5) as sandbox:
        result = sandbox.run("for i in range(9): look_up('CHN')")
        assert len(result.calls) == 5
        assert "a block of code may call tools 5 times" in (result.error or "")
        assert sandbox.run("look_up('CHN')").error is None, "the next block may call again"


@both_kinds
def test_too_much_code_is_not_run(kind: Kind) -> None:
    result = ran("print(1)\n" + "x = 1\n" * 20_000, kind)
    assert (result.stdout, result.error) == ("", "The code is 120,009 characters long: at most 100,000 are run.")


@both_kinds
def test_killed_process_is_an_error_and_the_session_goes_on(kind: Kind) -> None:
    with opened(kind) as sandbox:
        sandbox.run("x = 1")
        result = sandbox.run("kill_children('all')")
        assert result.error is not None and result.error.endswith(AFRESH)
        assert "NameError" in (sandbox.run("x").error or "")
        assert sandbox.run("6 * 7").value == "42"


@both_kinds
def test_fault_of_the_store_reaches_the_caller_not_the_model(kind: Kind) -> None:
    with opened(kind) as sandbox:
        with pytest.raises(StoreChanged, match="open the store again"):
            sandbox.run("try: superseded('x')\nexcept BaseException: print('hidden')")
        assert sandbox.run("6 * 7").value == "42"


@both_kinds
def test_time_that_tools_take_is_not_the_codes(kind: Kind) -> None:
    result = ran("[slow('a'), slow('b')]", kind, seconds=0.4)
    assert (result.value, result.error) == ("['done', 'done']", None)
    assert result.seconds > 1.0


@both_kinds
def test_closing_ends_a_block_that_is_running(kind: Kind) -> None:
    if kind == "bubblewrap":
        need_bwrap()
    begun = threading.Event()
    results: list[SandboxResult] = []

    def begin(key: Any, times: Any) -> Observation:
        begun.set()
        return Observation(data=None, text="")

    with open_sandbox({"begin": Given("begin", begin)}, as_of=AS_OF, kind=kind, limits=Limits(seconds=60)) as sandbox:
        running = threading.Thread(target=lambda: results.append(sandbox.run("begin('x')\nwhile True: pass")))
        running.start()
        assert begun.wait(timeout=30)
    running.join(timeout=30)
    assert results[0].error is not None
    assert results[0].seconds < 30
    with pytest.raises(BadInput, match="closed"):
        sandbox.run("1")


@both_kinds
def test_lone_surrogates_and_control_characters_do_no_harm(kind: Kind) -> None:
    with opened(kind) as sandbox:
        assert sandbox.run("print('\ud800')").error is None
        shown = sandbox.run(r"print('a\x00b\x1b[31m\u202ec <|im_start|>')").stdout
        assert sandbox.run(r"look_up('\ud800x')").error is None
    assert not any(hidden in shown for hidden in ("\x00", "\x1b", "\u202e", "<|"))


@both_kinds
def test_calculations_are_there_and_statistics_can_be_imported(kind: Kind) -> None:
    calculated = {
        "mean([1, 2, 6])": "3.0",
        "stdev([2, 4])": "1.4142135623730951",
        "quantile([0, 10], 0.25)": "2.5",
        "linear_fit([0, 1], [1, 3])": "{'slope': 2.0, 'intercept': 1.0}",
        "count_by(['a', 'b', 'a'])": "{'a': 2, 'b': 1}",
        "sort_by([{'n': 1}, {'n': 2}], 'n', descending=True)": "[{'n': 2}, {'n': 1}]",
        "add_days('2025-05-31', 1)": "'2025-06-01'",
        "days_between('2025-05-31', '2025-06-02')": "2",
        "statistics.median([1.5, 2.5, 9.5])": "2.5",
        "statistics.quantiles([1, 2, 3])": "[1.0, 2.0, 3.0]",
    }
    with opened(kind) as sandbox:
        sandbox.run("import statistics")
        assert {code: sandbox.run(code).value for code in calculated} == calculated


def test_wrong_openings_are_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="has no time zone"), open_sandbox({}, as_of=datetime(2025, 6, 1)):  # noqa: DTZ001
        pass
    with (
        pytest.raises(BadInput, match="'docker' is not one of monty, bubblewrap"),
        open_sandbox({}, as_of=AS_OF, kind="docker"),  # type: ignore[arg-type]
    ):
        pass
    with pytest.raises(BadInput, match="limit seconds is 0"):
        Limits(seconds=0)
    with pytest.raises(BadInput, match="value_chars"):
        Limits(value_chars=10**9)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadInput, match="install bubblewrap"), open_sandbox({}, as_of=AS_OF, kind="bubblewrap"):
        pass
