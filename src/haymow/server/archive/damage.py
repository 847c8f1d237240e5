"""What can be wrong with a backup's file."""

from __future__ import annotations

from haymow.errors import CommandFailed


class Damaged(CommandFailed):
    """It is not as it was written."""

    code = "backup_damaged"

    def __init__(self, what: str = "it was changed, cut short or never finished") -> None:
        super().__init__(f"The backup cannot be used: {what}. Take another one; nothing was restored.")


class WrongPassphrase(CommandFailed):
    """The passphrase is not the one that it was made with."""

    code = "wrong_passphrase"

    def __init__(self) -> None:
        super().__init__("The passphrase is not the one that this backup was made with.")
