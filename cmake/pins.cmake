# What tools/setup fetches, by version and SHA-256, and where the build looks for it.
# One `set(NAME value)` a line: tools/setup reads this file as well as CMake.
# The DuckDB library and its headers are of one commit; change them only together.
set(ASHLAR_DUCKDB_VERSION 1.5.6)
set(ASHLAR_DUCKDB_NPM_VERSION 1.5.6-r.1)
set(ASHLAR_DUCKDB_NPM_SHA256 1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff)
set(ASHLAR_DUCKDB_SO_SHA256 3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633)
set(ASHLAR_DUCKDB_CRATE_VERSION 1.10506.1)
set(ASHLAR_DUCKDB_CRATE_SHA256 113d1c26c9f518405a17b5729bb6ab6abf029fdc46626406922cf9a8dc9b4609)
set(ASHLAR_ARROW_VERSION 26.0.1)
set(ASHLAR_ARROW_SOVERSION 2600)
set(ASHLAR_ARROW_SHA256 39cb0f2418282c24bea6ceda77b03e5a8f0a5766b63a8bf194d4e2a2c423548c)
set(ASHLAR_SPARK_VERSION 4.2.0)
set(ASHLAR_SPARK_SHA256 4008fe5e537bf0e57e7243d03abfaac089b7c87316bd07024784d8ea726f5d41)
set(ASHLAR_GOOGLEAPIS_VERSION 1.76.0)
set(ASHLAR_GOOGLEAPIS_SHA256 59e13344a9f3651aa201a03e2bee815a3bf43a4baf1f9ff8a9b62a840ce25fac)
set(ASHLAR_UV_VERSION 0.13.9)
# The demo's three million flights.
set(ASHLAR_VEGA_DATASETS_VERSION 3.2.1)
set(ASHLAR_VEGA_DATASETS_SHA256 6f72fda460a9863fae5fcb32f85bcd49e1761fdea6dc6cf9f4962472881cc5a3)
# The emulator of Azure Blob that tests use; the last version that runs on Node 20.
set(ASHLAR_AZURITE_VERSION 3.35.0)
