"""Questions, outcomes and forecasts from and to other places: tournaments, markets, spreadsheets."""
