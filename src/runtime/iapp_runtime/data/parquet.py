"""Parquet files as rows of JSON, and back with prediction columns.

`python -m iapp_runtime.data.parquet read FILE` prints one JSON object a row. `... write FILE OUT [NAME...]` reads
one JSON object a row (the columns to add) from standard input and writes FILE with them to OUT; the named columns
hold floating point numbers, whatever their text looks like. Both work batch by batch: a file larger than memory is
no problem.

Exit code 3: pyarrow is not there; 4: the file cannot be read or written.
"""

from __future__ import annotations

import datetime
import decimal
import json
import math
import sys
from collections.abc import Collection, Iterator
from typing import Any

BATCH_ROWS = 2000


def plain(value: Any) -> Any:
    """A cell as JSON has it: times as ISO text, decimals as numbers, what is no number as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, decimal.Decimal):
        return plain(float(value))
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def read(path: str, out: Any) -> None:
    """Prints the rows of a file as JSON, one a line."""
    import pyarrow.parquet as parquet

    for batch in parquet.ParquetFile(path).iter_batches(batch_size=BATCH_ROWS):
        for row in batch.to_pylist():
            out.write(json.dumps(plain(row), ensure_ascii=False) + "\n")
    out.flush()


def write(path: str, target: str, lines: Iterator[str], floats: Collection[str] = ()) -> None:
    """Writes a file again with columns added: `lines` holds one JSON object a row, all with the same names.

    The columns in `floats` are written as float64.

    Raises:
        ValueError: there are not as many lines as rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as parquet

    source = parquet.ParquetFile(path)
    writer = None
    try:
        for batch in source.iter_batches(batch_size=BATCH_ROWS):
            added = [json.loads(next(lines, "null")) for _ in range(batch.num_rows)]
            if any(row is None for row in added):
                raise ValueError("there are fewer answers than rows")
            table = pa.Table.from_batches([batch])
            for name in added[0] if added else []:
                kind = pa.float64() if name in floats else None
                table = table.append_column(name, pa.array([row[name] for row in added], type=kind))
            if writer is None:
                writer = parquet.ParquetWriter(target, table.schema)
            writer.write_table(table.cast(writer.schema))
        if writer is None:
            writer = parquet.ParquetWriter(target, source.schema_arrow)
    finally:
        if writer is not None:
            writer.close()


def main(arguments: list[str]) -> int:
    """Runs `read FILE` or `write FILE OUT`; gives the exit code."""
    try:
        import pyarrow
    except ImportError:
        return 3
    try:
        if arguments[0] == "read":
            read(arguments[1], sys.stdout)
        else:
            write(arguments[1], arguments[2], iter(sys.stdin), arguments[3:])
    except (pyarrow.ArrowInvalid, OSError) as error:
        print(str(error), file=sys.stderr)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
