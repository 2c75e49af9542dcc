"""Train one of the models of training_step.py and print by how many bytes the process grew at its largest.

    python benchmarks/_step_memory.py NAME THREADS

Needs Linux with glibc: it reads what the kernel knows of the process.
"""

import ctypes
import gc
import re
import sys
from pathlib import Path

import torch
from training_step import made

PROCESS = Path("/proc/self")
RESET = "5"  # what makes the kernel forget the largest size so far


def held(field: str) -> int:
    """Return the bytes that the kernel says of this process: "VmRSS" are held now, "VmHWM" were at most."""
    found = re.search(rf"{field}:\s+(\d+) kB", (PROCESS / "status").read_text())
    assert found, field
    return int(found.group(1)) * 1024


def main() -> None:
    """Measure."""
    name, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    made(name, steps=1)()  # what libraries load and take once is not the model's
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # give back to the kernel what is free
    (PROCESS / "clear_refs").write_text(RESET)
    before = held("VmRSS")
    made(name, steps=5)()
    print(held("VmHWM") - before)


if __name__ == "__main__":
    main()
