"""Sign-offs of a close in the database: whose a point is, every signature, and who looked again. Signatures are only ever added.

The row of a review repeats who signed, so that the database itself refuses one person for both.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.base.errors import Conflict, NotAllowed
from trueup.domain.closing import Month
from trueup.domain.sign_offs import SignOff, Task
from trueup.storage.schema import metadata

close_tasks = sa.Table(
    "close_tasks",
    metadata,
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("point", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("reviewer", sa.Text, nullable=False),
    sa.Column("due", sa.Date),
)
sign_offs = sa.Table(
    "sign_offs",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("month", sa.Date, nullable=False),
    sa.Column("point", sa.Text, nullable=False),
    sa.Column("figures", sa.CHAR(64), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("signed_by", sa.Text, nullable=False),
    sa.Column("signed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.UniqueConstraint("id", "signed_by"),
    sa.Index("ix_sign_offs_month", "month", "point", "id"),
)
sign_off_reviews = sa.Table(
    "sign_off_reviews",
    metadata,
    sa.Column("sign_off", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("signed_by", sa.Text, nullable=False),
    sa.Column("reviewed_by", sa.Text, nullable=False),
    sa.Column("reviewed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["sign_off", "signed_by"], [sign_offs.c.id, sign_offs.c.signed_by]),
    sa.CheckConstraint("lower(reviewed_by) <> lower(signed_by)", name="two_persons"),
)


def save_task(connection: sa.Connection, month: Month, point: str, task: Task) -> None:
    """Say whose a point is, from now on."""
    values = {"owner": task.owner, "reviewer": task.reviewer, "due": task.due}
    statement = insert(close_tasks).values(month=month.first, point=point, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["month", "point"], set_=values))


def load_tasks(connection: sa.Connection, month: Month) -> dict[str, Task]:
    """Whose points are, by point; those of the month before where nobody said anything of this one yet, without their days."""
    for wanted in (month, month.before):
        rows = connection.execute(sa.select(close_tasks).where(close_tasks.c.month == wanted.first)).all()
        if rows:
            return {row.point: Task(row.owner, row.reviewer, row.due if wanted == month else None) for row in rows}
    return {}


def append_sign_off(connection: sa.Connection, month: Month, signed: SignOff) -> int:
    """Add a signature; its id."""
    values = {"month": month.first, "point": signed.point, "figures": signed.figures, "text": signed.text}
    more = {"signed_by": signed.by, "signed_at": signed.at, "note": signed.note}
    statement = sa.insert(sign_offs).values(**values, **more).returning(sign_offs.c.id)
    return int(connection.execute(statement).scalar_one())


def append_review(connection: sa.Connection, signed: SignOff, by: str, now: datetime) -> None:
    """Note that a second person looked. Raises Refused for who signed, Conflict when somebody looked already."""
    values = {"sign_off": signed.id, "signed_by": signed.by, "reviewed_by": by, "reviewed_at": now}
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(sign_off_reviews).values(**values))
    except sa.exc.IntegrityError as error:
        if "two_persons" in str(error):
            raise NotAllowed(
                f"Point {signed.point} was signed by {signed.by}; a second person must review it."
            ) from error
        raise Conflict(f"Point {signed.point} was reviewed meanwhile.") from error


def load_sign_offs(connection: sa.Connection, month: Month) -> dict[str, SignOff]:
    """The newest signature of each point of a month."""
    query = (
        sa.select(sign_offs, sign_off_reviews.c.reviewed_by, sign_off_reviews.c.reviewed_at)
        .outerjoin(sign_off_reviews, sign_off_reviews.c.sign_off == sign_offs.c.id)
        .where(sign_offs.c.month == month.first)
        .order_by(sign_offs.c.id)
    )
    return {
        row.point: SignOff(
            id=row.id,
            point=row.point,
            figures=row.figures,
            text=row.text,
            by=row.signed_by,
            at=row.signed_at,
            note=row.note,
            reviewed_by=row.reviewed_by or "",
            reviewed_at=row.reviewed_at,
        )
        for row in connection.execute(query)
    }
