"""Where calls may go: resolved once, every address checked, connected to what was checked."""

from haymow.egress.doors import Door
from haymow.egress.policy import Allowance, Egress, MalformedAllowance, allowances

__all__ = ["Allowance", "Door", "Egress", "MalformedAllowance", "allowances"]
