"""Values of type BINARY are found: DuckDB's reader misses those that are no text in Bloom filters, which repeated ones get."""


def test_binary_values_are_found_by_equality_and_joins(sql):
    sql("CREATE TABLE blobs (id INT, b BINARY, s STRUCT<b: BINARY>)")
    sql("INSERT INTO blobs SELECT CAST(id AS INT), unhex(concat('0', id % 5)), "
        "named_struct('b', unhex(concat('0', id % 4))) FROM range(100)")
    assert sql("SELECT count(*) FROM blobs WHERE b = X'03'") == [["20"]]
    assert sql("SELECT count(*) FROM blobs WHERE b IN (X'03', X'04', X'FF')") == [["40"]]
    assert sql("SELECT count(*) FROM blobs WHERE s.b = X'03'") == [["25"]]
    assert sql("SELECT count(*) FROM blobs JOIN (VALUES (X'03')) AS v(k) ON b = k") == [["20"]]
    assert sql("SELECT count(*) FROM blobs JOIN (VALUES (X'03')) AS v(k) ON s.b = k") == [["25"]]
    assert sql("DELETE FROM blobs WHERE b = X'03'") == [["20"]]
