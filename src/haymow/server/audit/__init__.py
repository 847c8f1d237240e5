"""The append-only record of every change, written in the change's own transaction."""
