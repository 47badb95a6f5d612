"""Serves one revision folder: `python serve_folder.py FOLDER SETTINGS`, settings as JSON."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from edaphon.errors import StateError
from edaphon.settings import Settings
from edaphon.web.plan import Plan
from edaphon.web.server import serve


@dataclass(frozen=True)
class OneRevision:
    """A state whose only revision is the folder."""

    folder: Path
    number: int = 1

    def must_exist(self) -> None:
        if not self.folder.is_dir():
            raise StateError(f"there is no {self.folder}")

    def current(self) -> "OneRevision":
        return self


if __name__ == "__main__":
    one = OneRevision(Path(sys.argv[1]))
    sys.exit(serve(Plan(Settings(**json.loads(sys.argv[2])), one, one.must_exist)))
