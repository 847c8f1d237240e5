"""Answers already given, kept by Idempotency-Key."""
