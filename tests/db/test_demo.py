"""The demo world: its files are valid GDELT that clean back to its events, and its oracle is the truth."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import countries
from db.demo import SYNTHETIC, DemoWorld, _at_least
from db.demo_files import NOISE_MENTIONS
from db.demo_world import CODES, COUNTRIES, SHOCK_CODE
from db.errors import BadInput
from db.gdelt.layout import LAYOUTS
from db.gdelt.rows import row_checker
from db.records import EventCriterion

START = date(2024, 2, 1)
N_DAYS = 40


@cache
def world() -> DemoWorld:
    return DemoWorld(seed=3, start=START, days=N_DAYS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target: Path = tmp_path_factory.mktemp("demo")
    world().write_files(target)
    return target


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[dict[str, str]]:
    """Every row of every file, in file order, with the stamp of its file."""
    found = []
    for file in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(file) as archive:
            (member,) = archive.namelist()
            lines = archive.read(member).decode().splitlines()
        fields = [line.split("\t") for line in lines]
        found += [dict(zip(LAYOUTS[61], row, strict=True), file=file.name[:14]) for row in fields]
    return found


def day(offset: int) -> date:
    return START + timedelta(days=offset)


def criterion(pair: tuple[str, str], first: int, last: int, **more: object) -> EventCriterion:
    asked = {"subject": pair[0], "object": pair[1], "first_day": day(first), "last_day": day(last), "min_mentions": 20}
    return EventCriterion.model_validate({**asked, **more})


def test_demo_world_of_the_same_seed_writes_identical_bytes(folder: Path, tmp_path: Path) -> None:
    DemoWorld(seed=3, start=START, days=N_DAYS).write_files(tmp_path)
    names = sorted(file.name for file in folder.iterdir())
    assert names == sorted(file.name for file in tmp_path.iterdir())
    assert all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in names)


def test_demo_world_of_another_seed_has_other_pairs_each_with_its_reverse() -> None:
    assert DemoWorld(seed=4, start=START, days=N_DAYS).pairs != world().pairs
    assert len(set(world().pairs)) == 60
    assert {(b, a) for a, b in world().pairs} == set(world().pairs)


def test_files_pass_the_rule_book_of_real_event_rows(rows: list[dict[str, str]]) -> None:
    check = row_checker(61)
    reasons = {check("\t".join(list(row.values())[:-1]).encode() + b"\n") for row in rows}
    assert reasons == {None}


def test_ids_ascend_through_the_files_without_repeats(rows: list[dict[str, str]]) -> None:
    ids = [int(row["GLOBALEVENTID"]) for row in rows]
    assert all(a < b for a, b in zip(ids, ids[1:], strict=False))


def test_rows_carry_the_stamp_of_their_file_and_few_have_lagging_dates(rows: list[dict[str, str]]) -> None:
    assert all(row["DATEADDED"] == row["file"] for row in rows)
    lags = Counter(_parse(row["DATEADDED"][:8]) - _parse(row["SQLDATE"]) for row in rows)
    assert {lag.days for lag in lags} == {0, 7, 30, 365}
    assert 0.005 < 1 - lags[timedelta(0)] / len(rows) < 0.02


def test_index_lists_every_file_with_its_size_md5_and_url(folder: Path) -> None:
    lines = (folder / "masterfilelist.txt").read_text().splitlines()
    assert [line.rsplit("/", 1)[1] for line in lines] == sorted(file.name for file in folder.glob("*.zip"))
    for line in lines:
        size, md5, url = line.split(" ")
        content = (folder / url.rsplit("/", 1)[1]).read_bytes()
        assert (int(size), md5) == (len(content), hashlib.md5(content, usedforsecurity=False).hexdigest())
    assert (folder / "lastupdate.txt").read_text().splitlines() == lines[-1:]


def test_index_uses_the_base_url_given(tmp_path: Path) -> None:
    DemoWorld(seed=3, start=START, days=1).write_files(tmp_path, base_url="http://127.0.0.1:8000/")
    line = (tmp_path / "lastupdate.txt").read_text()
    assert line.split(" ")[2].startswith("http://127.0.0.1:8000/20240201")


def test_files_say_that_they_are_synthetic(folder: Path, rows: list[dict[str, str]]) -> None:
    assert (folder / "SYNTHETIC.txt").read_text().strip() == SYNTHETIC
    assert {row["SOURCEURL"].split("/")[2] for row in rows} == {"synthetic.invalid"}


def test_places_use_the_fips_codes_of_the_actors(rows: list[dict[str, str]]) -> None:
    for row in rows:
        if row["Actor1CountryCode"] in COUNTRIES:
            assert countries.from_fips(row["Actor1Geo_CountryCode"]) == row["Actor1CountryCode"]


@pytest.mark.parametrize("min_mentions", [NOISE_MENTIONS, 20, 50])
def test_cleaning_the_rows_gives_back_exactly_the_events(rows: list[dict[str, str]], min_mentions: int) -> None:
    """MIRAI's rules: aligned dates, first day of each article, two countries, summed mentions above a threshold."""
    first_seen: dict[str, str] = {}
    for row in rows:  # in time order
        first_seen.setdefault(row["SOURCEURL"], row["DATEADDED"][:8])
    mentions: dict[tuple[date, str, str, str], int] = defaultdict(int)
    for row in rows:
        subject, object, added = row["Actor1CountryCode"], row["Actor2CountryCode"], row["DATEADDED"][:8]
        if row["SQLDATE"] == added == first_seen[row["SOURCEURL"]] and subject != object:
            mentions[_parse(added), subject, object, row["EventBaseCode"]] += int(row["NumMentions"])
    found = {quad for quad, total in mentions.items() if total > min_mentions and {quad[1], quad[2]} <= set(COUNTRIES)}
    happened = {(day(d), *world().pairs[p], CODES[c]) for d, p, c in np.argwhere(world().outcomes).tolist()}
    assert found == happened
    assert len(mentions) > len(found)  # there was noise to remove


def test_one_day_ahead_probabilities_are_calibrated() -> None:
    probability = DemoWorld(seed=11, days=366).one_day_ahead.ravel()
    outcome = DemoWorld(seed=11, days=366).outcomes.ravel()
    error = np.sqrt((probability * (1 - probability)).sum())
    assert abs((outcome - probability).sum()) < 3 * error
    reliability = 0.0
    for low, high in zip(edges := [0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1], edges[1:], strict=False):
        inside = (probability >= low) & (probability < high)
        p, o = probability[inside], outcome[inside]
        assert inside.sum() > 100
        assert abs((o - p).sum()) < 3.5 * np.sqrt((p * (1 - p)).sum())
        reliability += inside.mean() * (o.mean() - p.mean()) ** 2
    assert reliability < 1e-5


@pytest.mark.parametrize(("length", "at_least"), [(7, 1), (7, 4)])
def test_window_probabilities_are_calibrated_and_sharp(length: int, at_least: int) -> None:
    demo = DemoWorld(seed=5, days=210)
    probability, outcome = [], []
    for first in range(14, 210 - length, 14):
        as_of = demo.start + timedelta(days=first)
        last = as_of + timedelta(days=length - 1)
        asked = [
            EventCriterion(subject=a, object=b, first_day=as_of, last_day=last, at_least=at_least, min_mentions=20)
            for a, b in demo.pairs
        ]
        probability.append(demo.oracle(asked, as_of, n_paths=200))
        outcome.append(demo.outcomes[first : first + length].sum(axis=(0, 2)) >= at_least)
    p, o = np.concatenate(probability), np.concatenate(outcome)
    assert abs((o - p).sum()) < 3 * np.sqrt((p * (1 - p)).sum())
    assert np.mean((o - p) ** 2) < 0.8 * o.mean() * (1 - o.mean())


def test_oracle_of_one_day_equals_the_exact_intensities() -> None:
    today = 20
    exact = world().one_day_ahead[today]
    codes = world().oracle_codes([(*pair, day(today)) for pair in world().pairs], day(today))
    np.testing.assert_allclose(codes, exact, rtol=1e-12)
    asked = [criterion(pair, today, today) for pair in world().pairs]
    np.testing.assert_allclose(world().oracle(asked, day(today)), 1 - np.prod(1 - exact, axis=1), rtol=1e-9)
    roots = [criterion(pair, today, today, codes=("11",)) for pair in world().pairs]
    under = [position for position, code in enumerate(CODES) if code.startswith("11")]
    expected = 1 - np.prod(1 - exact[:, under], axis=1)
    np.testing.assert_allclose(world().oracle(roots, day(today)), expected, rtol=1e-9)


def test_oracle_of_two_days_agrees_with_an_independent_simulation() -> None:
    pair, process, today = 0, world().process, 20
    state = world()._states[today]
    exact = process.probabilities(state, day(today))
    rng = np.random.default_rng(0)
    present = rng.random((4000, *exact.shape)) < exact
    tomorrow = process.probabilities(process.advance(state, present), day(today + 1))[:, pair]
    expected = 1 - np.mean(np.all(~present[:, pair], axis=1) * np.prod(1 - tomorrow, axis=1))
    got = world().true_binary(criterion(world().pairs[pair], today, today + 1), day(today))
    assert got == pytest.approx(expected, abs=0.03)


def test_oracle_ignores_the_days_from_as_of_on() -> None:
    longer = DemoWorld(seed=3, start=START, days=N_DAYS)
    shorter = DemoWorld(seed=3, start=START, days=20)
    asked = [criterion(pair, 18, 24, at_least=2) for pair in world().pairs]
    queries = [(*pair, day(23)) for pair in world().pairs]
    longer.outcomes[20:] = ~longer.outcomes[20:]
    expected = shorter.oracle(asked, day(20), n_paths=100)
    np.testing.assert_array_equal(longer.oracle(asked, day(20), n_paths=100), expected)
    np.testing.assert_array_equal(
        longer.oracle_codes(queries, day(20), n_paths=100), shorter.oracle_codes(queries, day(20), n_paths=100)
    )


def test_oracle_of_a_past_window_is_what_happened() -> None:
    asked = [criterion(pair, 5, 9, at_least=3) for pair in world().pairs]
    happened = world().outcomes[5:10].sum(axis=(0, 2)) >= 3
    np.testing.assert_array_equal(world().oracle(asked, day(10)), happened)


def test_oracle_counts_the_known_part_of_a_window() -> None:
    pair = int(world().outcomes[5:10].sum(axis=(0, 2)).argmax())
    seen = int(world().outcomes[5:10, pair].sum())
    assert world().true_binary(criterion(world().pairs[pair], 5, 10, at_least=seen), day(10)) == 1.0
    one_more = world().true_binary(criterion(world().pairs[pair], 5, 10, at_least=seen + 1), day(10))
    assert one_more == pytest.approx(1 - np.prod(1 - world().one_day_ahead[10, pair]))


def test_oracle_of_one_question_does_not_depend_on_its_batch() -> None:
    near, far = criterion(world().pairs[0], 10, 12), criterion(world().pairs[7], 10, 16)
    batch = world().oracle([far, near], day(10), n_paths=100)
    assert batch[1] == world().oracle([near], day(10), n_paths=100)[0]
    assert world().oracle([], day(10)).shape == (0,)


def test_oracle_codes_given_any_event_divides_by_its_chance() -> None:
    query = (*world().pairs[0], day(10))
    plain = world().oracle_codes([query], day(10))[0]
    given_any = world().oracle_codes([query], day(10), given_any_event=True)[0]
    np.testing.assert_allclose(given_any, plain / (1 - np.prod(1 - plain)))
    assert world().true_relation(*query, as_of=day(10)) == dict(zip(CODES, plain.tolist(), strict=True))


def test_oracle_is_zero_where_the_world_has_no_such_events() -> None:
    stranger = next(pair for pair in product(COUNTRIES, COUNTRIES) if pair[0] != pair[1] and pair not in world().pairs)
    asked = [criterion(stranger, 10, 12), criterion(world().pairs[0], 10, 12, codes=("20",))]
    asked.append(criterion(world().pairs[0], 10, 12, codes=()))
    np.testing.assert_array_equal(world().oracle(asked, day(10)), [0.0, 0.0, 0.0])
    assert not world().oracle_codes([(*stranger, day(12))], day(10), given_any_event=True).any()


def test_shock_raises_conflict_in_both_directions() -> None:
    process = world().process
    pair, shock = int(process.hazard.any(axis=1).argmax()), CODES.index(SHOCK_CODE)
    present = np.zeros(process.base.shape, dtype=np.bool_)
    calm = process.probabilities(process.at_rest(), day(0))
    present[pair, shock] = True
    tense = process.probabilities(process.advance(process.at_rest(), present), day(0))
    fight, negotiate = CODES.index("190"), CODES.index("046")
    for touched in (pair, process.reverse[pair]):
        assert tense[touched, fight] > 5 * calm[touched, fight]
        assert tense[touched, negotiate] < calm[touched, negotiate]


@pytest.mark.parametrize(
    ("asked", "as_of", "named"),
    [
        (criterion(("USA", "CHN"), 5, 6), date(2023, 1, 1), "2023-01-01"),
        (criterion(("USA", "ZWE"), 5, 6), day(5), "ZWE"),
        (criterion(("USA", "CHN"), 5, 6, min_mentions=0), day(5), "min_mentions 0"),
        (criterion(("USA", "CHN"), 5, 6, min_mentions=51), day(5), "min_mentions 51"),
    ],
)
def test_oracle_refuses_what_it_cannot_know(asked: EventCriterion, as_of: date, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        world().oracle([asked], as_of)


def test_oracle_codes_refuses_a_day_before_as_of() -> None:
    with pytest.raises(BadInput, match="lies before as_of"):
        world().oracle_codes([("USA", "CHN", day(4))], day(5))


def test_demo_world_without_days_or_asked_too_far_ahead_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one day"):
        DemoWorld(days=0)
    with pytest.raises(BadInput, match="400 days"):
        world().oracle([criterion(world().pairs[0], 5, 500)], day(5))


@given(chances=st.lists(st.floats(0.0, 1.0), max_size=6), needed=st.integers(-1, 8))
def test_at_least_equals_the_sum_over_all_outcomes(chances: list[float], needed: int) -> None:
    expected = sum(
        float(np.prod([p if hit else 1 - p for p, hit in zip(chances, hits, strict=True)]))
        for hits in product((0, 1), repeat=len(chances))
        if sum(hits) >= needed
    )
    got = _at_least(np.array([needed]), np.array([chances], dtype=np.float64).reshape(1, -1))
    assert got == pytest.approx([expected], abs=1e-12)


def _parse(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  a calendar day has no time zone
