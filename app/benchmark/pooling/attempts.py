"""Rules that were tried and are no part of the product: kept so that what docs/log.md says of them can be run again.

None is learnt. Their constants were set before they were run on any outcome, and left as they were; only
`trimmed_in_log_odds` was thought of after the trimmed mean had been seen to do well.
"""

from __future__ import annotations

import numpy as np

from app.benchmark.pooling.crowd import Crowd
from app.benchmark.pooling.learning import Applied
from ensembles.odds import Floats, expit, logit


def _log_odds(crowd: Crowd) -> Floats:
    return logit(crowd.probability)


def half_median(crowd: Crowd) -> Floats:
    """Half way, in log-odds, between the plain pool and the median: less moved by one far member."""
    log_odds = _log_odds(crowd)
    return expit((log_odds.mean(axis=1) + np.median(log_odds, axis=1)) / 2)


def drawn_in_by_spread(crowd: Crowd) -> Floats:
    """Towards one half where members disagree: the mean log-odds over 1 + a tenth of their variance."""
    log_odds = _log_odds(crowd)
    return expit(log_odds.mean(axis=1) / (1 + log_odds.var(axis=1) / 10))


def extremized_where_agreed(crowd: Crowd) -> Floats:
    """Away from one half where members agree: the mean log-odds times 1 + .5 / (1 + their standard deviation)."""
    log_odds = _log_odds(crowd)
    return expit(log_odds.mean(axis=1) * (1 + 0.5 / (1 + log_odds.std(axis=1))))


def smoothed_over_horizons(crowd: Crowd) -> Floats:
    """A quarter of the way to the mean log-odds of the same question at all horizons it was asked at."""
    pooled = _log_odds(crowd).mean(axis=1)
    _, group, size = np.unique(crowd.cluster, return_inverse=True, return_counts=True)
    means = np.bincount(group, weights=pooled) / size
    return expit(0.75 * pooled + 0.25 * means[group])


def towards_the_base_rate(crowd: Crowd) -> Floats:
    """A tenth of the way, in log-odds, to what the crowd says on average: a prior that needs no outcome."""
    pooled = _log_odds(crowd).mean(axis=1)
    return expit(0.9 * pooled + 0.1 * pooled.mean())


def median_of_three(crowd: Crowd) -> Floats:
    """The median of linear pool, logit pool and median pool."""
    p = crowd.probability
    three = np.stack([p.mean(axis=1), np.median(p, axis=1), expit(_log_odds(crowd).mean(axis=1))])
    return np.asarray(np.median(three, axis=0), dtype=np.float64)


def trimmed_in_log_odds(crowd: Crowd) -> Floats:
    """The mean log-odds without the lowest and the highest fifth of the members: of five, the middle three."""
    ordered = np.sort(_log_odds(crowd), axis=1)
    cut = ordered.shape[1] // 5
    return expit(ordered[:, cut : ordered.shape[1] - cut].mean(axis=1))


ATTEMPTS: dict[str, Applied] = {
    rule.__name__: rule
    for rule in (
        half_median,
        drawn_in_by_spread,
        extremized_where_agreed,
        smoothed_over_horizons,
        towards_the_base_rate,
        median_of_three,
        trimmed_in_log_odds,
    )
}
