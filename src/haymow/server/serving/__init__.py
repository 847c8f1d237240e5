"""The OpenAI-compatible API over live generators."""

from haymow.server.serving.pool import Pool
from haymow.server.serving.service import Serving

__all__ = ["Pool", "Serving"]
