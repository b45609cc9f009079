"""The colours of charts, by what they mean: one meaning, one colour, on every page."""

from __future__ import annotations

INK = "#1f4e79"
"""What the page is about: the desk's own numbers."""
WARM = "#c77d24"
"""The second of two things that are compared."""
GREEN = "#2b8a6b"
VIOLET = "#8a5aa8"
RED = "#b3413a"
GREY = "#8a8f98"
"""References: base rate, market, perfect calibration."""

SERIES = (INK, WARM, GREEN, VIOLET, RED, "#4d7ea8", "#9a8424", GREY)
"""Lines or groups without a meaning of their own, in this order."""

CLASSES = {
    "verbal cooperation": "#7fb3d5",
    "material cooperation": GREEN,
    "verbal conflict": "#e0a458",
    "material conflict": RED,
}
"""MIRAI's four classes of events (`db.cameo.quad_class` 1 to 4), from talk to force."""

TEXT, PAPER = "#22303c", "#fdfcfa"
"""Of words on a light and on a dark ground; what lies between two fields."""

DIVERGING = ("#a8323e", "#f4f2ee", "#1f5a99")
"""Below, at and above the middle."""
SEQUENTIAL = ("#eef3f7", "#9cc0d9", "#1f4e79")


def rgb(colour: str) -> list[int]:
    """A colour such as "#1f4e79" as three numbers in 0..255."""
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def between(colours: tuple[str, ...], share: float) -> list[int]:
    """The colour at `share` (0..1, clipped) of the way through `colours`, as three numbers in 0..255."""
    place = min(max(share, 0.0), 1.0) * (len(colours) - 1)
    at = min(int(place), len(colours) - 2)
    left, right = rgb(colours[at]), rgb(colours[at + 1])
    return [round(a + (b - a) * (place - at)) for a, b in zip(left, right, strict=True)]
