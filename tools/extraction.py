"""Title, text and date out of a page's markup, in a process of its own.

Hostile markup can keep a parser busy for minutes or crash it. A process can be stopped, has its own memory and time,
and none of this one's environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

MEMORY_BYTES = 1 << 30
CPU_S = 30

# Python's decoders are more than character sets: punycode, say, takes a time that grows with the square of the length
_CHARSETS = re.compile(r"utf-?8|(iso-?8859|windows|koi8|euc)-\w+|cp\d+|gb\w+|big5|shift[_-]jis", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Extract:
    """What a page says; empty and None where it does not. `published_at` is the midnight (UTC) of a day."""

    title: str = ""
    text: str = ""
    published_at: datetime | None = None


def decoded(body: bytes, charset: str | None) -> str | None:
    """The body as text in the character set that its server names; None where that is none of the usual."""
    if charset is None or not _CHARSETS.fullmatch(charset):
        return None
    try:
        return body.decode(charset, "replace")
    except LookupError:
        return None


async def extract(body: bytes, *, charset: str | None, url: str) -> Extract:
    """The article on an HTML page; nothing if there is none, or if the page is more than the process can handle."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, url, charset or ""),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONSAFEPATH": "1"},
    )
    try:
        answer, _ = await process.communicate(body)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        return Extract()
    title, text, day = json.loads(answer)
    return Extract(title, text, None if day is None else datetime.fromisoformat(day).replace(tzinfo=UTC))


def main() -> None:
    """Read a page from standard input, write [title, text, day] to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    from trafilatura import bare_extraction

    url, charset = sys.argv[1:]
    body = sys.stdin.buffer.read()
    found = bare_extraction(
        decoded(body, charset) or body,
        url=url,
        with_metadata=True,
        include_comments=False,
        # without the search of the whole text, which guesses; the page's own clock is not ours to judge here
        date_extraction_params={"extensive_search": False, "original_date": True, "max_date": "2100-01-01"},
    )
    if found is None or isinstance(found, dict):
        content: tuple[str, str, str | None] = ("", "", None)
    else:
        content = (found.title or "", (found.text or "").strip(), found.date or None)
    sys.stdout.write(json.dumps(content))


if __name__ == "__main__":
    main()
