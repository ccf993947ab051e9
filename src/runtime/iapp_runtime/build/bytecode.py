"""Compiles a tree of modules so that the same sources give the same bytes.

``python -m iapp_runtime.build.bytecode ROOT PATH``. ``compileall`` writes the sources' times into what it makes, and
marshal's back references depend on which strings the compiling process happens to share. Here the compiled files are
*unchecked hash-based* (PEP 552), and marshalled in format 2, which has no references. The order of sets in constants
depends on the hash seed, so the caller starts this with ``PYTHONHASHSEED=0``.
"""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

#: PEP 552: hash-based (bit 0) and not checked against the source at import (bit 1 unset).
FLAGS = (0b01).to_bytes(4, "little")
#: The last marshal format without references between objects.
PLAIN = 2
TESTS = {"test", "tests"}


def main(argv: list[str]) -> int:
    """ROOT is the tree here, PATH where it will lie: tracebacks name it. What cannot be compiled is left alone."""
    root, target = Path(argv[0]), argv[1].rstrip("/")
    if os.environ.get("PYTHONHASHSEED") != "0":
        print("PYTHONHASHSEED must be 0", file=sys.stderr)
        return 2
    jobs = sorted(
        (path, f"{target}/{path.relative_to(root).as_posix()}") for path in root.rglob("*.py") if _used(path, root)
    )
    with ProcessPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        done = sum(pool.map(_compile, *zip(*jobs), chunksize=32)) if jobs else 0
    print(f"{done} of {len(jobs)} modules compiled")
    return 0


def _used(path: Path, root: Path) -> bool:
    """Test suites of packages are read by nobody here: compiling them takes a third of the time and of the space."""
    return not TESTS.intersection(path.relative_to(root).parts[:-1])


def _compile(path: Path, shown: str) -> int:
    source = path.read_bytes()
    try:
        code = compile(source, shown, "exec", dont_inherit=True, optimize=0)
        data = marshal.dumps(code, PLAIN)
    except (SyntaxError, ValueError, UnicodeError, RecursionError):
        return 0
    cached = Path(importlib.util.cache_from_source(str(path), optimization=""))
    cached.parent.mkdir(exist_ok=True)
    cached.write_bytes(importlib.util.MAGIC_NUMBER + FLAGS + importlib.util.source_hash(source) + data)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
