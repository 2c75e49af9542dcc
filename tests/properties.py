"""Settings of property tests: the same examples in every run, no time limit, no files in the repository."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

# Its folder `.hypothesis` at the root would be collected by pytest, with a warning, which is an error here.
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "llmlite-hypothesis")
settings.register_profile("book", deadline=None, derandomize=True, database=None)
settings.load_profile("book")
