"""haymow's component for Haystack."""

from haystack_integrations.components.generators.haymow.chat.chat_generator import HaymowChatGenerator

__all__ = ["HaymowChatGenerator"]
