"""Pooling rules, calibrators and hybrids compared on recorded forecasts of resolved questions."""
