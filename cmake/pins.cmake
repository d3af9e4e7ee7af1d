# The versions tools/setup fetches and the build looks for; tools/setup reads this file too.
set(ASHLAR_DUCKDB_VERSION 1.5.6)
set(ASHLAR_ARROW_VERSION 26.0.1)
set(ASHLAR_ARROW_SOVERSION 2600)
set(ASHLAR_SPARK_VERSION 4.2.0)
