"""Encrypted secrets of a workspace or of the organization, and where each may be sent."""
