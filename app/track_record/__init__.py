"""How good forecasts were: leaderboard, calibration, scores over time, from the columns of the ledger.

`columns` is what `Ledger.views.scored` gives; every function counts the last answer of a member to a question, on one
track at a time: "live" or "back-test".
"""

from app.track_record.breakdowns import Part, Period, by_horizon, by_member, by_source, over_time
from app.track_record.calibration import Discrimination, discrimination, reliability
from app.track_record.comparisons import Comparison, against, against_base_rate, against_market
from app.track_record.ranking import leaderboard
from app.track_record.selection import BACK_TEST, LIVE, TRACKS

__all__ = [
    "BACK_TEST",
    "LIVE",
    "TRACKS",
    "Comparison",
    "Discrimination",
    "Part",
    "Period",
    "against",
    "against_base_rate",
    "against_market",
    "by_horizon",
    "by_member",
    "by_source",
    "discrimination",
    "leaderboard",
    "over_time",
    "reliability",
]
