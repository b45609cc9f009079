"""Finding GDELT event files and spooling them, counted, as plain text.

Whatever arrives (`.CSV`, `.CSV.zip`, `.tsv.zst`) becomes plain text, so that there is one reader and one independent
count of lines.
Archives are examined before anything is extracted: nested, encrypted, many-membered and exploding ones are refused.
"""

from __future__ import annotations

import re
import zipfile
from codecs import IncrementalDecoder, getincrementaldecoder
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import zstandard

from db.errors import BadInput, SourceRefused
from db.gdelt.layout import LAYOUTS

SUFFIXES = (".csv", ".tsv", ".csv.zip", ".csv.zst", ".tsv.zst")
_NOT_EVENTS = re.compile(r"\.(mentions|gkg)\.", re.IGNORECASE)
_STAMP = re.compile(r"(?<!\d)((?:19|20)\d{2})(0[1-9]|1[0-2])")
MAX_RATIO = 200
MAX_BYTES = 8 * 1024**3
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Plain:
    """One source file as plain text: where it came from, where the text is, its layout, and how many lines it has.

    `is_text` says that it is UTF-8 without NUL bytes; anything else makes DuckDB's reader fail as a whole.
    """

    source: Path
    path: Path
    columns: int
    lines: int
    is_text: bool


def find_event_files(paths: Sequence[Path]) -> list[Path]:
    """All event files at or under `paths`, in name (hence time) order; raises BadInput if there is none."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found.extend(file for file in path.rglob("*") if file.is_file() and _is_event_file(file))
        elif path.is_file():
            if not path.name.lower().endswith(SUFFIXES):
                raise BadInput(f"{path} is not a GDELT event file: expected one of {', '.join(SUFFIXES)}")
            found.append(path)
        else:
            raise BadInput(f"{path} does not exist: give an event file or a folder of them")
    if not found:
        raise BadInput(f"no event files under {', '.join(map(str, paths))}: expected {', '.join(SUFFIXES)}")
    return sorted(set(found), key=lambda file: (file.name, str(file)))


def _is_event_file(file: Path) -> bool:
    name = file.name.lower()
    return name.endswith(SUFFIXES) and ("export" in name) and not _NOT_EVENTS.search(name)


def month_of(file: Path) -> str:
    """The month `YYYY-MM` in a file's name, or "" where the name tells none."""
    stamp = _STAMP.search(file.name)
    return f"{stamp[1]}-{stamp[2]}" if stamp else ""


@contextmanager
def open_plain(file: Path) -> Iterator[BinaryIO]:
    """The decompressed bytes of `file` as a stream; raises SourceRefused for an archive that is not one plain CSV."""
    try:
        if file.suffix.lower() == ".zip":
            with zipfile.ZipFile(file) as archive, archive.open(_only_member(file, archive)) as stream:
                yield stream  # type: ignore[misc]  # IO[bytes] serves as BinaryIO for reading
        elif file.suffix.lower() == ".zst":
            with file.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
                yield stream
        else:
            with file.open("rb") as stream:
                yield stream
    except (zipfile.BadZipFile, zstandard.ZstdError, EOFError, NotImplementedError, OSError) as error:
        raise SourceRefused(f"{file} cannot be read: {error}") from error


def _only_member(file: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = archive.infolist()
    if len(members) != 1:
        raise SourceRefused(f"{file} holds {len(members)} members: a GDELT archive holds exactly one")
    member = members[0]
    name = member.filename
    if name.startswith(("/", "\\")) or ".." in Path(name.replace("\\", "/")).parts or ":" in name:
        raise SourceRefused(f"{file} holds the path {name!r}, which leads out of its folder")
    if member.flag_bits & 0x1:
        raise SourceRefused(f"{file} is encrypted")
    if not name.lower().endswith((".csv", ".tsv")):
        raise SourceRefused(f"{file} holds {name!r}: a GDELT archive holds one .CSV file, not another archive")
    if member.file_size > MAX_BYTES or member.file_size > MAX_RATIO * max(member.compress_size, 1):
        raise SourceRefused(
            f"{file} would grow from {member.compress_size} to {member.file_size} bytes: refused as a zip bomb"
        )
    return member


def spool(
    files: Sequence[Path], folder: Path, *, threads: int = 2
) -> tuple[dict[int, list[Plain]], list[SourceRefused]]:
    """Write `files` as plain text under `folder`, without byte-order marks, each ending in a newline, lines counted.

    Returns them by number of columns, and the refusals; an empty file has no lines and appears in neither.
    """
    by_columns: dict[int, list[Plain]] = {}
    refused: list[SourceRefused] = []
    with ThreadPoolExecutor(threads) as pool:
        targets = [folder / f"{number:05d}.tsv" for number in range(len(files))]
        for outcome in pool.map(_spool_one, files, targets):
            if isinstance(outcome, SourceRefused):
                refused.append(outcome)
            elif outcome.lines:
                by_columns.setdefault(outcome.columns, []).append(outcome)
    return by_columns, refused


def _spool_one(file: Path, target: Path) -> Plain | SourceRefused:
    try:
        with open_plain(file) as stream, target.open("wb") as sink:
            head = stream.read(_CHUNK)
            chunk = head.removeprefix(b"\xef\xbb\xbf")
            columns = _columns_of(file, chunk) if chunk else 0
            decoder, is_text = getincrementaldecoder("utf-8")(), True
            lines, last = 0, b"\n"
            limit = min(MAX_BYTES, MAX_RATIO * max(file.stat().st_size, _CHUNK))
            while chunk:
                sink.write(chunk)
                lines += chunk.count(b"\n")
                is_text = is_text and _is_text(chunk, decoder)
                last = chunk[-1:]
                if sink.tell() > limit:
                    raise SourceRefused(f"{file} grows past {limit} bytes: refused as a decompression bomb")
                chunk = stream.read(_CHUNK)
            if last != b"\n":
                sink.write(b"\n")
                lines += 1
    except SourceRefused as refusal:
        target.unlink(missing_ok=True)
        return refusal
    return Plain(file, target, columns, lines, is_text)


def _is_text(chunk: bytes, decoder: IncrementalDecoder) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return b"\0" not in chunk


def _columns_of(file: Path, chunk: bytes) -> int:
    """The column count of the first of the leading lines that has a known layout."""
    for line in chunk.split(b"\n", 100)[:100]:
        columns = line.count(b"\t") + 1
        if columns in LAYOUTS:
            return columns
    known = ", ".join(map(str, sorted(LAYOUTS)))
    raise SourceRefused(f"{file} has no row of {known} columns: it is not a GDELT event file")
