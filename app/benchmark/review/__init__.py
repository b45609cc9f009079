"""Peer review of forecasts: who marked whom how, how far the marks can be trusted, and the page that shows it."""
