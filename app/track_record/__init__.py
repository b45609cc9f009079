"""How good forecasts were: leaderboard, calibration, scores over time, from the columns of the ledger."""
