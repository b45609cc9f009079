"""Meets the outside: settings, the desk, the command line, benchmarks."""
