"""The environment variables of the kernel process."""

from __future__ import annotations

import os
from pathlib import Path

MARK = "IAPP_TRAIN_RUN"

# One thread each: linear algebra and OpenMP sum in an order that depends on the number of threads, and a training run must repeat.  # noqa: E501
# A person who sets one of them keeps it; what was used is in the `run.start` event.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def kernel_environment(scratch: Path, token: str, program_env: dict[str, str]) -> dict[str, str]:
    """The author's variables, plus what makes the run repeatable and free of personal start-up files.

    ``token`` marks every process that the notebook starts, however it detaches itself.
    """
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONSTARTUP", "JPY_PARENT_PID", "DISPLAY")}
    for name in THREADS:
        env.setdefault(name, "1")
    env.update(program_env)
    env.update(
        {
            MARK: token,
            "MPLBACKEND": "Agg",
            "PYTHONHASHSEED": "0",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": _with_runtime(env.get("PYTHONPATH", "")),
            "IPYTHONDIR": str(scratch / "ipython"),
            "JUPYTER_CONFIG_DIR": str(scratch / "jupyter"),
            "JUPYTER_RUNTIME_DIR": str(scratch),
            "JUPYTER_NO_CONFIG": "1",
            # The kernel says nothing about frozen modules when no debugger is attached.
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
    )
    return env


def thread_settings(env: dict[str, str]) -> dict[str, str]:
    return {name: env[name] for name in THREADS}


def _with_runtime(path: str) -> str:
    runtime = str(Path(__file__).resolve().parents[3])
    parts = [p for p in path.split(os.pathsep) if p and p != runtime]
    return os.pathsep.join([runtime, *parts])
