"""Where an HTTP process has contributions worked on: processes of its own, by kind of work.

A proposal whose check takes long holds up other proposals, never a decision; an update that takes long holds up other
updates, and a large difference other differences; none of them holds up a query.
Each process is started when it is first needed.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeVar

from edaphon.conformance.isolation import Checker
from edaphon.errors import DeadlineReached, EdaphonError, EngineFailed, MemoryReached
from edaphon.settings import Settings
from edaphon.store.scratch import sweep
from edaphon.web.turns import Turns

if TYPE_CHECKING:  # costs a server's start a third of a second, which most servers never need
    from edaphon.contributions.desk import Place
    from edaphon.contributions.roles import Actor
    from edaphon.store.ledger import Ledger
    from edaphon.store.state import State

__all__ = ["Clerk"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Tasks that may wait for each process, and those of one person among them.
WAITING: Final = 64
EACH: Final = 16
# What publishing may take on top of a check.
PUBLISHING: Final = 10.0
# Seconds until this server notices that another one, with the same ledger, has published something.
FOLLOWING: Final = 1.0


class _Desk:
    """One process, one task at a time."""

    def __init__(self, memory: int) -> None:
        self._checker = Checker(memory=memory)
        # A thread of its own waits for it, so that waiting takes none from those who read the ledger.
        self._thread = ThreadPoolExecutor(1)
        self._turns = Turns(WAITING, EACH)

    async def run(self, task: Callable[..., T], *arguments: object, seconds: float, owner: str = "") -> T:
        # A client that leaves while its task waits takes it along; what has been begun is finished.
        await self._turns.wait(owner, retry_after=1 + round(seconds / 4))
        loop = asyncio.get_running_loop()
        work = self._thread.submit(self._checker.run, task, *arguments, seconds=seconds)
        work.add_done_callback(partial(self._over, loop))
        return await asyncio.wrap_future(work)

    def _over(self, loop: asyncio.AbstractEventLoop, _: object) -> None:
        # In the thread; the server may have ended meanwhile.
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._turns.done)

    def close(self) -> None:
        self._checker.close()
        self._thread.shutdown(cancel_futures=True)


class Clerk:
    """The contributions of one state folder, as one HTTP process deals with them.

    The ledger is read here, in threads.
    """

    def __init__(self, settings: Settings, state: "State") -> None:
        self._settings = settings
        self._state = state
        self._intake = _Desk(settings.memory)
        self._registrar = _Desk(settings.memory)
        self._editor = _Desk(settings.memory)
        self._reader = _Desk(settings.memory)
        self._imported = False

    async def ready(self) -> None:
        """Import what contributions need, which takes half a second, where no other request waits for it."""
        if not self._imported:
            await asyncio.to_thread(import_module, "edaphon.contributions.desk")
            self._imported = True

    @property
    def state(self) -> "State":
        """The state folder, for what takes a look at the disk."""
        return self._state

    @property
    def place(self) -> "Place":
        """The state folder, as tasks name it."""
        from edaphon.contributions.desk import Place

        return Place(self._state.folder, self._state.ledger_url)

    async def check_in(self, task: Callable[..., T], actor: "Actor", *arguments: object) -> T:
        """Run a task of `contributions.desk` for somebody that reads and checks, and records at most.

        Whoever wants much takes turns with the others, here as below.
        """
        seconds = self._settings.timeout
        return await self._intake.run(task, self.place, actor, *arguments, seconds=seconds, owner=actor.name)

    async def register(self, task: Callable[..., T], actor: "Actor", *arguments: object) -> T:
        """Run a task of `contributions.desk` for somebody that may publish."""
        return await self._publishing(self._registrar, task, actor, *arguments)

    async def edit(self, task: Callable[..., T], actor: "Actor", *arguments: object) -> T:
        """Run a task of `contributions.desk` for somebody that changes the graph without a proposal."""
        return await self._publishing(self._editor, task, actor, *arguments)

    async def _publishing(self, desk: _Desk, task: Callable[..., T], actor: "Actor", *arguments: object) -> T:
        seconds = self._settings.timeout + PUBLISHING
        try:
            return await desk.run(task, self.place, actor, *arguments, seconds=seconds, owner=actor.name)
        except (DeadlineReached, EngineFailed, MemoryReached):
            # It may have come as far as the ledger, and then what it did should be seen.
            await self._catch_up()
            raise

    async def _catch_up(self) -> None:
        from edaphon.contributions import desk

        try:
            await self._registrar.run(desk.catch_up_with, self.place, seconds=self._settings.timeout + PUBLISHING)
        except EdaphonError as error:
            logger.warning("what the ledger has is not published yet: %s", error)

    async def show(self, task: Callable[..., T], *arguments: object) -> T:
        """Run a task of `contributions.desk` that only reads, but may have much to put together."""
        return await self._reader.run(task, self.place, *arguments, seconds=self._settings.timeout)

    async def ledger(self, question: "Callable[[Ledger], T]") -> T:
        """Ask the ledger something that is answered quickly."""
        return await asyncio.to_thread(lambda: question(self._state.ledger))

    async def actor(self, secret: str) -> "Actor":
        """Whose token it is. Raises TokenRequired."""
        await self.ready()
        from edaphon.contributions.tokens import authenticate

        return await self.ledger(lambda ledger: authenticate(ledger, secret))

    async def follow(self) -> None:
        """From now on, publish here what servers on other machines with the same ledger publish; for one of our own
        there is none, and this returns at once.
        """
        if self._state.ledger_url is None:
            return
        while True:
            await asyncio.sleep(FOLLOWING)
            try:
                last = await self.ledger(lambda ledger: ledger.last_revision())
                if last is not None and last.number > self._state.current().number:
                    await self._catch_up()
            except EdaphonError as error:
                logger.warning("what other servers publish cannot be followed: %s", error)

    def close(self) -> None:
        """End the processes, and remove the copies that they worked on."""
        for desk in (self._intake, self._registrar, self._editor, self._reader):
            desk.close()
        sweep(self._state.folder)
