"""Read the checkpoints of a bucket with Spark: ``spark-submit spark.py s3://bucket results``.

Then ``torchload-lint scan s3://bucket --out results`` judges what was read, and writes the table.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from torchload_lint.scan import RemoteObject, list_all, read_schema, scan_batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """One row for each object: runs on the executors, with their own credentials."""
    for batch in batches:
        objects = [RemoteObject(**row) for row in batch.to_pylist()]
        yield from pa.Table.from_pylist(scan_batch(objects), read_schema()).to_batches()


def main(source: str, out: str) -> None:
    """List here, read there."""
    listed, errors = list_all([source])
    if errors:
        sys.exit("\n".join(errors))
    spark = SparkSession.builder.appName("torchload-lint").getOrCreate()
    objects = spark.createDataFrame([tuple(one) for one in listed], list(RemoteObject._fields))
    tasks = max(1, len(listed) // 200)
    rows = objects.repartition(tasks).mapInArrow(read, from_arrow_schema(read_schema()))
    rows.write.mode("append").parquet(Path(out, "read").absolute().as_uri())


if __name__ == "__main__":
    main(*sys.argv[1:])
