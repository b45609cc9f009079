"""Telling others of what happens: CloudEvents, signed as Standard Webhooks has it, at least once."""
