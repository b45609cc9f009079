"""A clock that stands still, for full Python: what `time` and `datetime` tell is one moment, and nobody sleeps.

The clock is painted over, not taken away: code that looks for the real time in the processor or the kernel (through
`ctypes`, say) finds it. It finds no data there.
"""

from __future__ import annotations

import datetime
import os
import random
import time
from collections.abc import Callable
from typing import Any

_CLOCKS = ("time", "monotonic", "perf_counter", "process_time", "thread_time")


def freeze(as_of: datetime.datetime) -> None:
    """Stop the clock at `as_of` (UTC) and seed what is random, before any other module takes its own copy of either."""
    moment = as_of.timestamp()
    for name in _CLOCKS:
        setattr(time, name, lambda: moment)
        setattr(time, f"{name}_ns", lambda: int(moment) * 10**9)
    time.clock_gettime = lambda _clock: moment
    time.clock_gettime_ns = lambda _clock: int(moment) * 10**9
    time.sleep = lambda _seconds: None
    for name in ("localtime", "gmtime", "ctime"):
        setattr(time, name, _with_default(getattr(time, name), moment))
    time.asctime = _with_default(time.asctime, time.gmtime(moment))
    real_strftime = time.strftime
    time.strftime = lambda text, broken_down=None: real_strftime(text, broken_down or time.gmtime(moment))
    _Datetime.as_of = as_of
    for stand_in in (_Datetime, _Date):
        stand_in.__name__ = stand_in.__qualname__ = stand_in.real.__name__
        stand_in.__module__ = "datetime"
        setattr(datetime, stand_in.__name__, stand_in)
    seeded = random.Random(int(moment))  # noqa: S311 - repeatable on purpose
    for module, name in ((os, "urandom"), (random, "_urandom")):
        setattr(module, name, seeded.randbytes)
    random.seed(int(moment))


def _with_default(function: Callable[[Any], Any], default: Any) -> Callable[..., Any]:
    return lambda given=None: function(default if given is None else given)


class _StandIn(type):
    """A class for which instances and subclasses of the `real` one count as its own."""

    real: type

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.real)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.real)


class _Datetime(datetime.datetime, metaclass=_StandIn):
    real = datetime.datetime
    as_of: datetime.datetime

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> _Datetime:
        return cls.fromtimestamp(cls.as_of.timestamp(), tz)

    @classmethod
    def utcnow(cls) -> _Datetime:
        return cls.now(datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> _Datetime:
        return cls.now()


class _Date(datetime.date, metaclass=_StandIn):
    real = datetime.date

    @classmethod
    def today(cls) -> _Date:
        return cls.fromtimestamp(_Datetime.as_of.timestamp())
