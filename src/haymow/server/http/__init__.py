"""HTTP, for every room alike: operations, errors, limits, answers. The rooms' nouns are not its business."""

from haymow.server.http.answers import empty, json_answer
from haymow.server.http.calls import Call
from haymow.server.http.operations import Operation

__all__ = ["Call", "Operation", "empty", "json_answer"]
