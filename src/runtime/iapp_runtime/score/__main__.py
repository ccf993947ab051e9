"""``python -m iapp_runtime.score serve BUNDLE_DIR --host 127.0.0.1 --port N``: one bundle as a service."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

#: One thread each: several requests share the machine, and a scored row needs no parallel sums.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def main(argv: list[str] | None = None) -> int:
    options = _arguments().parse_args(argv)
    # An image says for which Python its packages were made; their own errors would not.
    made_for, here = os.environ.get("IAPP_PYTHON"), f"{sys.version_info[0]}.{sys.version_info[1]}"
    if made_for is not None and made_for != here:
        print(
            f"the packages here are for Python {made_for}, and this is {here}: use another base image", file=sys.stderr
        )
        return 2
    for name in THREADS:
        os.environ.setdefault(name, "1")
    # Imported only now: numerical libraries read these settings when they are loaded.
    from .service.server import serve

    folder, data = Path(options.bundle).resolve(), Path(options.data_dir) if options.data_dir else None
    return serve(folder, options.host, options.port, options.name, options.version, options.parent_watch, data)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m iapp_runtime.score", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    one = steps.add_parser("serve", help="serve a bundle's folder over HTTP")
    one.add_argument("bundle", help="the bundle's folder")
    one.add_argument("--host", default="127.0.0.1")
    one.add_argument("--port", type=int, default=0, help="0: a free one, told in the first line on standard output")
    one.add_argument("--name", help="the app's name (default: the bundle's)")
    one.add_argument("--version", default="v1")
    one.add_argument("--log-json", action="store_true", help="the log is JSON lines; always on")
    one.add_argument("--data-dir", help="where ground truths are kept (default: they are only counted)")
    one.add_argument("--parent-watch", action="store_true", help="end when standard input ends")
    return parser


if __name__ == "__main__":
    sys.exit(main())
