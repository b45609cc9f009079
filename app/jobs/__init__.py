"""Durable jobs: batches and schedules on DBOS. Nothing else in Auspex runs long work."""
