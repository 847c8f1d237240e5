"""haymow: a self-hosted model registry for Haystack."""

__version__ = "0.1.0"
__all__ = ["__version__"]
