"""What haymow knows of the world outside Haystack, as data: the providers, their secrets' usual names and hosts."""

from haymow.catalog.providers import Provider, provider_named, providers, usual_hosts

__all__ = ["Provider", "provider_named", "providers", "usual_hosts"]
