"""${message}"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
# The newest schema that a haymow has to know, at least, to work with this one: of the version before, where this
# step only adds what that one does not look at (docs/adr/0018).
works_with: str = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
