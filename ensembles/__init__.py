"""Pools and judges: pure mathematics on arrays."""
