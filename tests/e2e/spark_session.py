"""Runs under the Python of tools/spark: one Spark session with a Hive metastore of its own, and pyarrow, asked by lines of JSON on stdin.

    {"sql": TEXT}                                              Spark's answer
    {"read": FOLDER, "infer": BOOL}                            the folder as Spark finds it, its partitions' types guessed or texts
    {"arrow": FOLDER, "partitions": {NAME: TYPE}}              the folder as pyarrow's dataset
    {"statistics": FILE}                                       one row: whether Spark's Parquet reader uses those of texts

Each is answered by one line on stdout: {"columns": [[NAME, TYPE]...], "rows": [{...}...]} or {"error": TEXT}. Timestamps are UTC, with
six digits.
"""
import contextlib
import datetime
import json
import os
import pathlib
import sys

answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # other lines of Spark

import pyarrow
import pyarrow.dataset
import pyarrow.parquet
from pyspark.sql import SparkSession

AS_JSON = """to_json(struct(*), map('timestampFormat', "yyyy-MM-dd'T'HH:mm:ss.SSSSSSX", 'ignoreNullFields', 'false')) as row"""
ARROW_TYPES = {"text": pyarrow.string(), "bigint": pyarrow.int64(), "double": pyarrow.float64(), "boolean": pyarrow.bool_(),
               "timestamp": pyarrow.timestamp("us", "UTC")}


def session(folder):
    at_home = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
    own_files = {"spark.sql.warehouse.dir": f"{folder}/warehouse", "spark.local.dir": f"{folder}/scratch",
                 "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder}/derby -Djava.io.tmpdir={folder}",
                 "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder}/metastore;create=true"}
    builder = SparkSession.builder.master("local[2]").config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "2")
    for name, value in {**at_home, **own_files}.items():
        builder = builder.config(name, value)
    spark = builder.enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def of_spark(frame):
    names = [[name, kind] for name, kind in frame.dtypes]
    return {"columns": names, "rows": [json.loads(line.row) for line in frame.selectExpr(AS_JSON).collect()] if names else []}


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if value.year >= 1000 else str(value)
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    return [plain(element) for element in value] if isinstance(value, list) else value


def of_arrow(folder, partitions):
    types = pyarrow.schema([(name, ARROW_TYPES[kind]) for name, kind in partitions.items()])
    by = pyarrow.dataset.partitioning(types, flavor="hive") if partitions else None
    table = pyarrow.dataset.dataset(folder, format="parquet", partitioning=by).to_table()
    return {"columns": [[f.name, str(f.type)] for f in table.schema], "rows": plain(table.to_pylist())}


def of_statistics(spark, file):
    """Judges by the name of the file's writer: the statistics of texts that some writers made are wrong."""
    parquet = spark._jvm.org.apache.parquet
    text = parquet.schema.PrimitiveType.PrimitiveTypeName.valueOf("BINARY")
    unused = parquet.CorruptStatistics.shouldIgnoreStatistics(pyarrow.parquet.read_metadata(file).created_by, text)
    return {"columns": [["used", "boolean"]], "rows": [{"used": not unused}]}


def answer(spark, asked):
    if "sql" in asked:
        return of_spark(spark.sql(asked["sql"]))
    if "read" in asked:
        spark.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", str(asked["infer"]).lower())
        return of_spark(spark.read.parquet(asked["read"]))
    if "arrow" in asked:
        return of_arrow(asked["arrow"], asked["partitions"])
    return of_statistics(spark, asked["statistics"])


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "scratch").mkdir(parents=True)
    spark = session(folder)
    for line in sys.stdin:
        try:
            said = answer(spark, json.loads(line))
        except Exception as e:  # any exception of Spark is the answer
            said = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps(said, allow_nan=True), file=answers, flush=True)
    with contextlib.suppress(Exception):
        spark.stop()


if __name__ == "__main__":
    main()
