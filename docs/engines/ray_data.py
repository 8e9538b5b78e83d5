"""Read the checkpoints of a bucket with Ray Data: ``python ray_data.py s3://bucket results``.

Then ``torchload-lint scan s3://bucket --out results`` judges what was read, and writes the table.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import ray

from torchload_lint.scan import RemoteObject, list_all, read_schema, scan_batch


def read(batch: pa.Table) -> pa.Table:
    """One row for each object of a batch: runs on the workers, with their own credentials."""
    objects = [RemoteObject(**row) for row in batch.to_pylist()]
    return pa.Table.from_pylist(scan_batch(objects), read_schema())


def main(source: str, out: str) -> None:
    """List here, read there."""
    listed, errors = list_all([source])
    if errors:
        sys.exit("\n".join(errors))
    objects = pa.Table.from_pylist([one._asdict() for one in listed])
    rows = ray.data.from_arrow(objects).map_batches(read, batch_format="pyarrow", batch_size=200)
    rows.write_parquet(str(Path(out, "read").absolute()))


if __name__ == "__main__":
    main(*sys.argv[1:])
