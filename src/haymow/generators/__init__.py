"""What haymow knows of Haystack's chat generators, and the checks of definitions. Imports no Haystack."""

from haymow.generators.definitions.definition import CheckedConfig, check
from haymow.generators.definitions.needs import Need, what_to_enter
from haymow.generators.definitions.secret_names import is_secret_name
from haymow.generators.facts import refuses_generation_kwarg
from haymow.generators.signatures import (
    GeneratorInfo,
    SecretParameter,
    generator,
    generators,
    is_installed,
    what_to_install,
)
from haymow.urls import UnusableUrl, host_and_port

__all__ = [
    "CheckedConfig",
    "GeneratorInfo",
    "Need",
    "SecretParameter",
    "UnusableUrl",
    "check",
    "generator",
    "generators",
    "host_and_port",
    "is_installed",
    "is_secret_name",
    "refuses_generation_kwarg",
    "what_to_enter",
    "what_to_install",
]
