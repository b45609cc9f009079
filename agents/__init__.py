"""Thinks: the members of the crowd, and the crowd."""
