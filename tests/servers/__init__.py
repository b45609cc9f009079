"""Servers on loopback that tests talk to through the real clients."""
