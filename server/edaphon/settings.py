"""What an operator may set: each setting one entry with its default and help, read once and passed on."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal

import platformdirs

__all__ = ["DefaultGraph", "Settings", "describe"]

DefaultGraph = Literal["merge", "plain"]

MEGABYTE: Final = 1_000_000


def setting(default: Any, help: str, metavar: str | None = None, least: float | None = None) -> Any:
    """One entry: its default value, the sentence that `--help` shows for it, and the least that makes sense."""
    return field(default=default, metadata={"help": help, "metavar": metavar, "least": least})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything `edaphon serve` can be told. The command line has an option for each field, with the
    environment variable EDAPHON_<FIELD>; a test holds that none is undocumented.
    """

    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(8000, "Port to listen on; 0 takes a free one.", least=0)
    state: Path | None = setting(None, "State folder [default: in the user's data folder].", "DIR")
    corpus: str | None = setting(
        None,
        "What the state starts from: shipped, none, or a folder laid out like ours "
        "[default: what the state folder remembers; shipped when it is new].",
        "shipped|none|DIR",
    )
    default_graph: DefaultGraph | None = setting(
        None,
        "merge: the default graph holds every triple once; plain: SPARQL's own dataset "
        "[default: what the state folder remembers; merge when it is new].",
    )
    ledger: str | None = setting(
        None,
        "The ledger of contributions: sqlite in the state folder, or the URL of a PostgreSQL database "
        "[default: what the state folder remembers; sqlite when it is new].",
        "sqlite|URL",
    )
    workers: int = setting(8, "Query workers in all.", least=1)
    processes: int = setting(1, "HTTP processes that the workers are spread over.", least=1)
    timeout: float = setting(30.0, "Seconds that one query may take.", "S", least=0.001)
    memory: int = setting(1024, "Megabytes that one query may take.", "MB", least=1)
    result: int = setting(4096, "Megabytes that one result may have; 0 for no limit.", "MB", least=0)
    queue: int = setting(64, "Queries that may wait for a worker, in each HTTP process.", least=0)
    cache: int = setting(
        64, "Megabytes of answers that each HTTP process keeps for repeats; 0 keeps none.", "MB", least=0
    )
    grace: float = setting(10.0, "Seconds that running queries get to finish on shutdown.", "S", least=0)
    max_body: int = setting(16, "Megabytes that a request's body may have, unpacked.", "MB", least=1)
    rate: int = setting(
        6000, "Writes that one token, and one address, may send per minute; 0 for no limit.", "N", least=0
    )
    allow_service: tuple[str, ...] = setting((), "Endpoint that queries may name in SERVICE (repeatable).", "IRI")
    log_queries: bool = setting(False, "Write the text of queries to the log.")

    @property
    def state_folder(self) -> Path:
        """The state folder, by default in the user's data folder."""
        return self.state or Path(platformdirs.user_data_dir("edaphon", appauthor=False)) / "state"


def describe(name: str) -> dict[str, Any]:
    """The default, help, metavar and least value of the setting called `name`."""
    (entry,) = (one for one in fields(Settings) if one.name == name)
    return {"default": entry.default, **entry.metadata}
