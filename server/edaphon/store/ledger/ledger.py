"""The ledger: what was proposed, decided and published, each entry on the disk before it is acknowledged."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

from sqlalchemy import Column, Select, func, literal, select, tuple_

from edaphon.errors import (
    LedgerError,
    RevisionTaken,
    RevisionUnknown,
)
from edaphon.store.ledger import steps, tables
from edaphon.store.ledger.copying import copy_rows, is_empty
from edaphon.store.ledger.database import Database
from edaphon.store.ledger.failures import translated
from edaphon.store.ledger.opening import open_database
from edaphon.store.ledger.records import (
    Acceptance,
    Brought,
    Check,
    Contribution,
    Event,
    RevisionRecord,
    Status,
    Token,
)
from edaphon.store.ledger.rows import (
    contribution_of,
    event_of,
    revision_of,
    select_contributions,
    select_revisions,
    token_of,
)
from edaphon.store.ledger.sqlite import SqliteDatabase, new_file

__all__ = ["Ledger"]

# Deltas held in memory at a time.
BATCH: Final = 16


class Ledger:
    """One ledger, open. Any thread may use it; every method that writes is one transaction, all of it or nothing.

    Besides what it says itself, any method raises StateFull when the disk is full, StateBusy when others write for
    too long, and LedgerError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, where: Path | str, *, create: bool = True) -> "Ledger":
        """Open the ledger in a file or at a postgresql:// URL, and bring its schema up to date.

        With `create`, one that is not there is made. Raises LedgerError when there is none, when it cannot be used,
        or when a newer version of Edaphon has made it.
        """
        return cls(open_database(where, create=create))

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Tokens

    def add_token(self, name: str, digest: str, role: str, by: str | None) -> Token:
        """Record a token by its digest. Raises TokenError when the name was given before, even if revoked since."""
        with self._database.writing() as connection:
            return steps.make_token(connection, name, digest, role, by)

    def revoke_token(self, name: str, by: str | None) -> Token:
        """From now on, the token is worth nothing. Raises TokenError when there is none, or it was revoked before."""
        with self._database.writing() as connection:
            return steps.revoke_token(connection, name, by)

    def tokens(self) -> list[Token]:
        """All that were ever made, in that order."""
        with self._database.reading() as connection:
            rows = connection.execute(select(tables.token).order_by(tables.token.c.created, tables.token.c.name))
            return [token_of(row) for row in rows]

    def token_of(self, digest: str) -> Token | None:
        """The token of this digest; None when there is none, or it is revoked."""
        token = tables.token
        with self._database.reading() as connection:
            row = connection.execute(
                select(token).where(token.c.digest == digest, token.c.revoked.is_(None))
            ).one_or_none()
        return token_of(row) if row else None

    # Contributions

    def submit(self, contribution: Contribution, payload: bytes, request: bytes, report: bytes) -> None:
        """Record a proposal: the bytes as sent, the change that they ask for, and the report of its check."""
        with self._database.writing() as connection:
            steps.add(connection, contribution, payload, request, report)

    def contribution(self, id: str) -> Contribution:
        """Raises ContributionUnknown."""
        with self._database.reading() as connection:
            return steps.find(connection, id)

    def contributions(
        self, *, status: Status | None = None, limit: int = 50, before: str | None = None, conforms: bool | None = None
    ) -> list[Contribution]:
        """The newest first; `before` is the last of those that one has seen. Raises ContributionUnknown for it.

        `conforms` asks for those of which the last check said so, or said no.
        """
        contribution = tables.contribution
        place = tuple_(contribution.c.created, contribution.c.seq)
        wanted = select_contributions().order_by(contribution.c.created.desc(), contribution.c.seq.desc()).limit(limit)
        if status is not None:
            wanted = wanted.where(contribution.c.status == status)
        if conforms is not None:
            wanted = wanted.where(contribution.c.conforms.is_(conforms))
        with self._database.reading() as connection:
            if before is not None:
                seen = select(contribution.c.created, contribution.c.seq).where(contribution.c.id == before)
                row = connection.execute(seen).one_or_none()
                if row is None:
                    raise steps.unknown(before)
                wanted = wanted.where(place < tuple_(literal(row.created, tables.Instant), row.seq))
            return [contribution_of(one) for one in connection.execute(wanted)]

    def payload(self, id: str) -> tuple[str, bytes]:
        """The media type, and the bytes as sent. Raises ContributionUnknown."""
        payload = tables.payload
        row = self._of_contribution(select(payload.c.media_type, payload.c.content), payload.c.contribution, id)
        return row.media_type, row.content

    def request(self, id: str) -> bytes:
        """The change as asked for, a packed Delta. Raises ContributionUnknown."""
        payload = tables.payload
        found: bytes = self._of_contribution(select(payload.c.request), payload.c.contribution, id).request
        return found

    def report(self, id: str) -> bytes:
        """The report of the last check. Raises ContributionUnknown."""
        report = tables.check_report
        found: bytes = self._of_contribution(select(report.c.content), report.c.contribution, id).content
        return found

    def decide(self, id: str, status: Literal["rejected", "withdrawn"], by: str, reason: str | None) -> Contribution:
        """Reject or withdraw a proposal. Raises ContributionUnknown, and WrongStatus unless it is proposed."""
        with self._database.writing() as connection:
            return steps.decide(connection, id, status, by, reason)

    def checked(
        self,
        id: str,
        base: int,
        report: bytes,
        conforms: bool,
        shapes: str,
        *,
        status: Literal["proposed", "accepted"] = "proposed",
    ) -> None:
        """Record that a proposal was checked again, or an accepted contribution after the shapes or the corpus changed.

        Raises ContributionUnknown, and WrongStatus unless it has that status.
        """
        with self._database.writing() as connection:
            steps.check(connection, id, Check(base, report, conforms, shapes), once=status)

    def rechecked(self, revision: int, shapes: str, failing: int) -> None:
        """Record that all accepted contributions were checked with the corpus of that revision, by those shapes, and
        how many of them do not conform.
        """
        with self._database.writing() as connection:
            steps.recheck(connection, revision, shapes, failing)

    def recheck_due(self) -> bool:
        """Whether the corpus has changed since all accepted contributions were last checked."""
        revision, event = tables.revision, tables.event
        first = select(func.min(revision.c.number)).scalar_subquery()
        changed = select(func.max(revision.c.number)).where(revision.c.cause == "corpus", revision.c.number > first)
        checked = select(func.max(event.c.revision)).where(event.c.kind == "rechecked")
        with self._database.reading() as connection:
            return (connection.scalar(changed) or 0) > (connection.scalar(checked) or 0)

    # Revisions

    def publish(
        self,
        record: RevisionRecord,
        delta: bytes | None,
        *,
        accepts: Acceptance | None = None,
        brings: Brought | None = None,
    ) -> None:
        """Record a revision, its delta and the contribution that it publishes: this is what publishes it.

        `accepts` decides on a proposal; `brings` records a contribution and its acceptance at once. A contribution
        that undoes another one marks that one as reverted. Raises RevisionTaken when the ledger has a revision of
        this number, or a later one: another server was faster, and one has to catch up with it first. Raises
        WrongStatus when the proposal is not proposed any more, or what is undone is not accepted any more.
        """
        if record.complete != (delta is not None):
            raise ValueError("a revision is complete when its delta is given")
        if accepts is not None and brings is not None:
            raise ValueError("a revision publishes one contribution")
        revision = tables.revision
        with self._database.writing() as connection:
            last = connection.scalar(select(func.max(revision.c.number)))
            if last is not None and last >= record.number:
                raise RevisionTaken(f"revision {record.number} was published by another server meanwhile; try again")
            if brings is not None:
                steps.bring(connection, brings, record)
                record = replace(record, contribution=brings.contribution.id)
            if accepts is not None:
                steps.accept(connection, accepts, record)
                record = replace(record, contribution=accepts.id)
            steps.publish(connection, record, delta)

    def last_revision(self) -> RevisionRecord | None:
        """The newest; None before the first."""
        return next(iter(self.revisions(limit=1)), None)

    def revision(self, number: int) -> RevisionRecord:
        """Raises RevisionUnknown."""
        wanted = select_revisions().where(tables.revision.c.number == number)
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            raise _missing(number)
        return revision_of(row)

    def revisions(self, *, limit: int = 50, before: int | None = None) -> list[RevisionRecord]:
        """The newest first; only those of a number below `before`."""
        wanted = _newest(select_revisions(), tables.revision.c.number, limit, before)
        with self._database.reading() as connection:
            return [revision_of(row) for row in connection.execute(wanted)]

    def revision_at(self, when: datetime) -> RevisionRecord | None:
        """The newest that was published at that time or earlier; None when there was none yet."""
        revision = tables.revision
        # Of those not later, the highest number: a clock may have been put back. The sum keeps SQLite from looking
        # for it in the table, where the deltas lie in between, instead of in the index.
        newest = select(func.max(revision.c.number + 0)).where(revision.c.at <= when).scalar_subquery()
        wanted = select_revisions().where(revision.c.number == newest)
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return revision_of(row) if row else None

    def delta(self, number: int) -> bytes | None:
        """What that revision changed, a packed Delta; None when it is not complete. Raises RevisionUnknown."""
        wanted = select(tables.revision.c.delta).where(tables.revision.c.number == number)
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            raise _missing(number)
        found: bytes | None = row.delta
        return found

    def deltas(self, after: int, upto: int) -> Iterator[tuple[RevisionRecord, bytes | None]]:
        """The revisions later than `after`, `upto` the last, in order, each with its delta."""
        revision = tables.revision
        wanted = select(revision).where(revision.c.number <= upto).order_by(revision.c.number).limit(BATCH)
        while True:
            # A transaction for each batch: who takes long over a delta keeps nobody from tidying the log.
            with self._database.reading() as connection:
                rows = connection.execute(wanted.where(revision.c.number > after)).all()
            if not rows:
                return
            for row in rows:
                yield revision_of(row), row.delta
            after = rows[-1].number

    # All of it

    def events(self, *, contribution: str | None = None, limit: int = 50, before: int | None = None) -> list[Event]:
        """The newest first; those of one contribution in the order in which they happened.

        `before` is the `seq` of the last that one has seen (of one contribution: the first).
        """
        wanted = _newest(select(tables.event), tables.event.c.seq, limit, before)
        if contribution is not None:
            wanted = wanted.where(tables.event.c.contribution == contribution)
        with self._database.reading() as connection:
            found = [event_of(row) for row in connection.execute(wanted)]
        return found if contribution is None else found[::-1]

    def copy_to(self, file: Path) -> None:
        """Make a new SQLite file of all that is recorded now, while others may write.

        Raises LedgerError when there is a file of that name.
        """
        name = f"the copy {file}"
        with translated(name, folder=file.parent):
            try:
                with new_file(file) as unfinished:
                    self._database.copy_into(unfinished, name)
            except FileExistsError:
                raise LedgerError(f"{file} exists already; name a new file") from None

    def copy_from(self, file: Path) -> None:
        """Take all that a copy says, also an older version's. Raises LedgerError when something is recorded here."""
        if not file.exists():
            raise LedgerError(f"there is no ledger at {file}")
        name = f"the copy {file}"
        # What is read from is brought to the newest schema first, and the copy stays as it was. It is as large as the
        # ledger will be: there is room for it where that one is, if anywhere.
        where = self._database.folder
        with (
            translated(name, folder=where),
            tempfile.TemporaryDirectory(prefix=".edaphon-", dir=where) as folder,
        ):
            temporary = Path(folder) / "ledger.sqlite"
            shutil.copyfile(file, temporary)
            copy = SqliteDatabase.at(temporary, create=False, name=name)
            try:
                with copy.reading() as source, self._database.writing() as target:
                    if not is_empty(target):
                        raise LedgerError(f"{self._database.name} is not empty; name a new one to copy into")
                    copy_rows(source, target)
            finally:
                copy.close()

    def _of_contribution(self, wanted: Select[Any], column: Column[str], id: str) -> Any:
        with self._database.reading() as connection:
            row = connection.execute(wanted.where(column == id)).one_or_none()
        if row is None:
            raise steps.unknown(id)
        return row


def _missing(number: int) -> RevisionUnknown:
    return RevisionUnknown(f"there is no revision {number}")


def _newest(wanted: Select[Any], order: Column[int], limit: int, before: int | None) -> Select[Any]:
    wanted = wanted.order_by(order.desc()).limit(limit)
    return wanted if before is None else wanted.where(order < before)
