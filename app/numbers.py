"""Numbers as tables show them, on narrow screens too."""

from __future__ import annotations

import re

_ZERO = re.compile(r"^([+-]?)0\.")


def short(value: float, digits: int = 3, *, sign: bool = False) -> str:
    """`.123`, with `sign` `+.123`: rounded, without the zero before the point; -0 is 0."""
    text = f"{round(value, digits) + 0.0:{'+' if sign else ''}.{digits}f}"
    return _ZERO.sub(r"\1.", text)
