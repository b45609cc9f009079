"""News articles beside the event store, searchable as of any moment."""
