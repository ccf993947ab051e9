"""nbclient's client with our own handling of outputs: streamed to the logs at once, kept within a budget."""

from __future__ import annotations

from typing import Any, Optional

from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal
from nbformat import NotebookNode

from .kernel_side import ERROR_MIME
from .logs import Logs
from .outputs import CellOutputs

try:
    from nbclient.client import CellExecutionComplete  # type: ignore[attr-defined]
except ImportError:  # pragma: no cover - moved between releases
    from nbclient.util import CellExecutionComplete  # type: ignore

__all__ = ["CellControlSignal", "Client"]


class Client(NotebookClient):  # type: ignore[misc]
    """Runs one cell at a time; after ``async_execute_cell`` the ``outputs`` and ``error`` of that cell are here."""

    def attach(self, logs: Logs, budget: int) -> None:
        self._logs = logs
        self._budget = budget
        self.begin(0)

    def begin(self, cell: int) -> None:
        self.outputs = CellOutputs(self._budget)
        #: ``{"ename", "evalue", "line", "traceback"}`` as told by `kernel_side`, else what the protocol says.
        self.error: Optional[dict[str, Any]] = None
        self._clear_first = False
        self._logs.begin(cell)

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> None:
        """Called by nbclient for each message that belongs to the running cell."""
        kind, content = msg["msg_type"], msg["content"]
        if kind == "status":
            if content["execution_state"] == "idle":
                raise CellExecutionComplete()
        elif kind == "clear_output":
            if content.get("wait"):
                self._clear_first = True
            else:
                self.outputs.clear()
        elif kind == "stream":
            self._before_output()
            self.outputs.add({"output_type": "stream", "name": content["name"], "text": content["text"]})
            self._logs.text(content["name"], content["text"])
        elif kind in ("display_data", "execute_result", "update_display_data"):
            self._display(kind, content)
        elif kind == "error":
            self._before_output()
            output = {k: content[k] for k in ("ename", "evalue", "traceback")}
            self.outputs.add({"output_type": "error", **output})
            if self.error is None:
                self.error = {"ename": content["ename"], "evalue": content["evalue"], "line": None, "traceback": []}

    def _display(self, kind: str, content: dict[str, Any]) -> None:
        data = content["data"]
        if ERROR_MIME in data:
            self.error = data[ERROR_MIME]
            return
        display_id = (content.get("transient") or {}).get("display_id")
        if kind == "update_display_data":
            if display_id is not None:
                self.outputs.update(display_id, data, content["metadata"])
            return
        self._before_output()
        output = {"output_type": kind, "data": data, "metadata": content["metadata"]}
        if kind == "execute_result":
            output["execution_count"] = content.get("execution_count")
        self.outputs.add(output, display_id)

    def _before_output(self) -> None:
        if self._clear_first:
            self.outputs.clear()
            self._clear_first = False
