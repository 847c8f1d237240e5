"""What an operator sees of haymow from outside: logs, metrics, traces. Knows no noun but the ids that rooms tell it."""
