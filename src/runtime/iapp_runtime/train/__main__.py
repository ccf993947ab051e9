"""``python -m iapp_runtime.train run|probe|needs|prove DIR [--events fd:3|PATH]``: the training job's steps.

Each is a process of its own. Exit codes: 0 done (also when the outcome is a refusal: that is in the document), 1 this
runtime failed, 2 bad arguments, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path

from .events import Events
from .parent import watch_parent


def main(argv: list[str] | None = None) -> int:
    options = _arguments().parse_args(argv)
    folder = Path(options.dir).resolve()
    if not folder.is_dir():
        print(f"{folder} is no folder", file=sys.stderr)
        return 2
    if options.parent is not None:
        watch_parent(options.parent)
    events = Events.open(options.events, folder)
    try:
        return _dispatch(options, folder, events)
    except KeyboardInterrupt:
        return 130
    except Exception:
        traceback.print_exc()
        return 1
    finally:
        events.close()


def _dispatch(options: argparse.Namespace, folder: Path, events: Events) -> int:
    # Each step imports what only it needs: proving runs where nbclient is not installed.
    if options.step == "run":
        from . import execute

        return execute.main(folder, events, record=not options.no_record)
    if options.step == "probe":
        from . import probe

        return int(probe.main(folder, events))
    if options.step == "needs":
        from . import needs

        return needs.main(folder, events)
    from . import prove

    return int(prove.main(folder, events))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m iapp_runtime.train", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    for step, help_ in (
        ("run", "execute program.json of the run folder and record it"),
        ("probe", "compare the generated module with the recorded run; learn contract and profile"),
        ("needs", "list the distributions that the generated module needs"),
        ("prove", "replay all recorded rows in this process and write verification.json"),
    ):
        one = steps.add_parser(step, help=help_)
        one.add_argument("dir", help="the run's folder")
        one.add_argument("--events", help="fd:N or a file to append to (default: DIR/events.ndjson)")
        one.add_argument("--parent", type=int, help="end when this process, our parent, is gone")
    steps.choices["run"].add_argument(
        "--no-record", action="store_true", help="execute only; measures the notebook's own time"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
