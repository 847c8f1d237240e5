"""Definitions made into live generators, messages in and replies out: the only importers of Haystack."""
