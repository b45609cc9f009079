"""A language model server that needs no model, for development and tests."""
