"""The HTTP clients of live generators: haymow's own in place of those that SDKs make for themselves, one file for each.

An SDK's own client takes proxies, certificates, keys and addresses from the environment and follows redirects. What a
generator gets here looks at none of it and leads through one door. `table.py` says which generator is set up by which.
"""

from haymow.generators.live.clients.settings import ClientSettings, Closing, TakeOver
from haymow.generators.live.clients.table import refusal_of, speaks_openai, take_over_of

__all__ = ["ClientSettings", "Closing", "TakeOver", "refusal_of", "speaks_openai", "take_over_of"]
