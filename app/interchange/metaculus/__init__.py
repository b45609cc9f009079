"""Metaculus: its questions and community predictions in, with its permission, and forecasts in its form out."""
