"""What data files are compressed with, looked up in their footers."""

import pyarrow.parquet
import pytest

CONF = "spark.sql.parquet.compression.codec"
PROPERTY = "delta.parquet.compression.codec"


def codec_of_newest(spark, table):
    paths = spark.sql(f"SELECT _metadata.file_path FROM {table} ORDER BY _metadata.file_modification_time DESC LIMIT 1").collect()
    footer = pyarrow.parquet.ParquetFile(paths[0][0].removeprefix("file:")).metadata
    return footer.row_group(0).column(0).compression


@pytest.mark.parametrize("name, in_footer", [("zstd", "ZSTD"), ("gzip", "GZIP"), ("lz4_raw", "LZ4"), ("Brotli", "BROTLI"),
                                             ("none", "UNCOMPRESSED"), ("snappy", "SNAPPY")])
def test_every_way_to_say_it(spark, schema, name, in_footer):
    rows = spark.range(1000)
    rows.write.option("compression", name).saveAsTable(f"{schema}.by_option")
    assert codec_of_newest(spark, f"{schema}.by_option") == in_footer
    spark.sql(f"CREATE TABLE {schema}.by_property (id BIGINT) TBLPROPERTIES ('{PROPERTY}' = '{name}')")
    spark.sql(f"INSERT INTO {schema}.by_property SELECT * FROM range(1000)")
    assert codec_of_newest(spark, f"{schema}.by_property") == in_footer
    spark.conf.set(CONF, name)
    rows.write.saveAsTable(f"{schema}.by_conf")
    assert codec_of_newest(spark, f"{schema}.by_conf") == in_footer
    for way in ("option", "property", "conf"):
        assert spark.table(f"{schema}.by_{way}").agg({"id": "sum"}).collect()[0][0] == 499_500


def test_an_option_is_before_the_session_and_that_before_the_table(spark, schema):
    table = f"{schema}.t"
    spark.sql(f"CREATE TABLE {table} (id BIGINT) TBLPROPERTIES ('{PROPERTY}' = 'gzip')")
    spark.conf.set(CONF, "zstd")
    spark.sql(f"INSERT INTO {table} VALUES (1)")
    assert codec_of_newest(spark, table) == "ZSTD"
    spark.range(2).write.mode("append").option("compression", "snappy").saveAsTable(table)
    assert codec_of_newest(spark, table) == "SNAPPY"
    spark.conf.unset(CONF)
    spark.sql(f"OPTIMIZE {table}")
    assert codec_of_newest(spark, table) == "GZIP"


def test_what_is_no_codec_is_refused(spark, schema):
    with pytest.raises(Exception, match="codec lzo"):
        spark.range(1).write.option("compression", "lzo").saveAsTable(f"{schema}.lzo")
    with pytest.raises(Exception, match="nosuch"):
        spark.range(1).write.option("compression", "nosuch").saveAsTable(f"{schema}.nosuch")
    with pytest.raises(Exception, match="lz4"):
        spark.conf.set(CONF, "lz4")
    assert spark.sql(f"SHOW TABLES IN {schema}").collect() == []
