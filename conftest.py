"""Settings of all tests: `pytest` runs the unit tests, `pytest --nbval` those and every chapter, strictly."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Point nbval at the sanitize file and at this Python, and share the cores between workers."""
    if not getattr(config.option, "nbval_sanitize_with", None):
        config.option.nbval_sanitize_with = str(ROOT / "book" / "tools" / "sanitize.cfg")
    # The kernel is this very Python: a kernel of the same name elsewhere on the machine is not meant.
    config.option.nbval_current_env = True
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # read when torch is loaded, here and in kernels
        os.environ.setdefault(name, threads)
