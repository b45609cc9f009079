"""Loading articles: headlines from addresses, the store's own URLs, and files whose every row is accounted for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db.articles.article import LoadReport
from db.articles.files import import_articles
from db.articles.headline import headline_of
from db.articles.slugs import index_slugs
from db.articles.snapshot import ArticleSnapshot
from db.errors import BadInput, StoreMissing
from db.gdelt.ingest import ingest_files
from tests.gdelt_rows import row, write_csv


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/2025/05/20/china-and-taiwan-open-talks/", "China and taiwan open talks"),
        ("https://a.example/news/articleshow/Talks_open_in_Geneva.html?x=1", "Talks open in Geneva"),
        ("https://a.example/g20-summit-ends-in-2025-12345678", "G20 summit ends in 2025"),
        ("https://a.example/us-trade-talks/article_12683106-4513-51d1-9c6b-f3a7cf6885f4.html", "Us trade talks"),
        ("https://a.example/caf%C3%A9-owners-protest", "Café owners protest"),
        ("https://a.example/world/1965411", ""),
        ("https://a.example/n3/2025/0604/c90000-20323207.html", ""),
        ("https://a.example/", ""),
        ("https://[broken/", ""),
    ],
)
def test_headline_is_the_words_of_the_address(url: str, expected: str) -> None:
    assert headline_of(url) == expected


def test_url_index_dates_each_address_by_its_first_event_between_countries(tmp_path: Path) -> None:
    url = "https://news.example/china-and-taiwan-talk"
    rows = [
        row(1, SOURCEURL=url, DATEADDED="20250520140000"),
        row(2, SOURCEURL=url, DATEADDED="20250520120000"),
        row(3, SOURCEURL=url, DATEADDED="20250520080000", Actor2CountryCode="CHN"),
        row(4, SOURCEURL="https://news.example/a-domestic-story", Actor2CountryCode="CHN"),
        row(5, SOURCEURL="BBC Monitoring"),
    ]
    ingest_files([write_csv(tmp_path / "20250520.export.CSV", rows)], tmp_path / "S")
    report = index_slugs(tmp_path / "S")
    assert (report.read, report.kept, report.duplicate) == (2, 1, 0)
    assert [(rejected.line, "BBC Monitoring" in rejected.reason) for rejected in report.rejected] == [(None, True)]
    [hit] = ArticleSnapshot(tmp_path / "S", datetime(2025, 6, 1, tzinfo=UTC)).search("talks")
    assert (hit.title, hit.host) == ("China and taiwan talk", "news.example")
    assert hit.added_at == datetime(2025, 5, 20, 12, tzinfo=UTC)


def test_url_index_reads_only_what_is_new_and_again_what_was_rewritten(tmp_path: Path) -> None:
    store = tmp_path / "S"
    for number, added in ((1, "20250520120000"), (2, "20250520110000"), (3, "20250610000000")):
        line = row(number, SOURCEURL="https://news.example/talks-open", DATEADDED=added)
        ingest_files([write_csv(tmp_path / f"{number}.export.CSV", [line])], store)
        report = index_slugs(store)
        assert (report.read, report.kept, report.duplicate) == ((1, 1, 0) if number < 3 else (1, 0, 1))
    assert index_slugs(store).read == 0
    hit = ArticleSnapshot(store, datetime(2025, 7, 1, tzinfo=UTC)).browse("Talks open")
    assert hit is not None and hit.added_at == datetime(2025, 5, 20, 11, tzinfo=UTC)
    assert ArticleSnapshot(store, hit.added_at).count() == 0
    with pytest.raises(StoreMissing):
        index_slugs(tmp_path / "none")


GOOD = {
    "url": "https://news.example/1",
    "title": "Talks",
    "text": "They talk.",
    "added_at": "2025-05-20T10:00:00+02:00",
}


def jsonl(path: Path, *lines: object) -> Path:
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
    return path


def adds_up(report: LoadReport) -> bool:
    return report.read == report.kept + report.duplicate + len(report.rejected)


def test_import_counts_every_row_and_says_what_was_wrong(tmp_path: Path) -> None:
    bad: list[tuple[object, str]] = [
        (b"{not json", "not a JSON object"),
        (b'{"url": "https://news.example/\xff"}', "UTF-8"),
        (b"[" * 100_000, "not a JSON object"),
        (["a", "list"], "not a JSON object"),
        ({**GOOD, "url": ""}, "no url"),
        ({**GOOD, "url": "file:///etc/passwd"}, "no http"),
        ({**GOOD, "added_at": None}, "neither added_at nor published_at"),
        ({**GOOD, "added_at": "2025-05-20T10:00:00"}, "no time zone"),
        ({**GOOD, "added_at": "20 May 2025"}, "no date"),
        ({**GOOD, "added_at": "2025-02-29"}, "no date"),
        ({**GOOD, "added_at": "9999-12-31"}, "no date"),
        ({**GOOD, "added_at": 1716200000}, "not text"),
        ({**GOOD, "published_at": "soon"}, "published_at"),
        ({**GOOD, "text": "\ud800"}, "UTF-8"),
        ({**GOOD, "text": "x" * (1 << 20) + "x"}, "1,048,577 characters"),
    ]
    path = jsonl(
        tmp_path / "a.jsonl", GOOD, *(line for line, _ in bad), {**GOOD, "url": "https://news.example/2"}, GOOD
    )
    report = import_articles(path, tmp_path / "S")
    assert adds_up(report)
    assert (report.read, report.kept, report.duplicate) == (len(bad) + 3, 2, 1)
    assert [rejected.line for rejected in report.rejected] == list(range(2, len(bad) + 2))
    for rejected, (_, reason) in zip(report.rejected, bad, strict=True):
        assert reason in rejected.reason
    again = import_articles(path, tmp_path / "S")
    assert (again.kept, again.duplicate) == (0, 3)


@pytest.mark.parametrize(
    ("moments", "known_at"),
    [
        ({"added_at": "2025-05-20T10:00:00+02:00"}, "2025-05-20T08:00:00+00:00"),
        ({"added_at": "2025-05-20"}, "2025-05-21T00:00:00+00:00"),
        ({"published_at": "2025-05-20"}, "2025-05-21T00:00:00+00:00"),
        ({"published_at": "2024-02-29T23:00:00-10:00"}, "2024-03-01T09:00:00+00:00"),
        ({"added_at": "2025-05-20T10:00:00Z", "published_at": "2025-05-22T00:00:00Z"}, "2025-05-22T00:00:00+00:00"),
        ({"added_at": "2025-05-20T10:00:00Z", "published_at": "2025-05-20"}, "2025-05-20T10:00:00+00:00"),
        ({"added_at": "2025-05-20T10:00:00Z", "published_at": "2025-05-22"}, "2025-05-23T00:00:00+00:00"),
    ],
)
def test_import_dates_a_row_no_earlier_than_it_was_known(
    tmp_path: Path, moments: dict[str, str], known_at: str
) -> None:
    import_articles(jsonl(tmp_path / "a.jsonl", {"url": GOOD["url"], **moments}), tmp_path / "S")
    moment = datetime.fromisoformat(known_at)
    assert ArticleSnapshot(tmp_path / "S", moment).count() == 0
    assert ArticleSnapshot(tmp_path / "S", moment + timedelta(microseconds=1)).latest_added_at() == moment


def test_import_reads_csv_with_quotes_lines_and_other_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        b"\xef\xbb\xbfid,url,title,text,published_at\r\n"
        b'1,https://news.example/1,"Talks, again","Two\nlines",2025-05-20\r\n'
        b"2,https://news.example/2,short row\r\n"
        b"3,https://news.example/3,bad \xff byte,,2025-05-20\r\n"
        b"4,https://news.example/talks-go-on,,,2025-05-20\r\n"
    )
    report = import_articles(path, tmp_path / "S")
    assert adds_up(report)
    assert [(rejected.line, rejected.reason) for rejected in report.rejected] == [
        (4, "3 fields where the first line names 5"),
        (5, "title is not valid UTF-8"),
    ]
    articles = ArticleSnapshot(tmp_path / "S", datetime(2025, 7, 1, tzinfo=UTC))
    assert {hit.title: hit.text for hit in articles.search("talks")} == {
        "Talks, again": "Two\nlines",
        "Talks go on": "",
    }


def test_import_of_what_is_no_article_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("headline\nTalks\n")
    for name, message in (("a.csv", "no column url"), ("none.jsonl", "cannot be read"), ("a.xlsx", "neither .jsonl")):
        with pytest.raises(BadInput, match=message):
            import_articles(tmp_path / name, tmp_path / "S")
