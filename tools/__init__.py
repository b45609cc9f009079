"""Looks things up for agents that use models."""
