"""Keeps: records, events, questions, the ledger."""
