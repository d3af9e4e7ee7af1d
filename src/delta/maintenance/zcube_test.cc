#include "delta/maintenance/zcube.h"

#include <gtest/gtest.h>

#include "delta/clustering.h"
#include "delta/log/test_table.h"

namespace ashlar::delta {
namespace {

using Bins = std::vector<std::vector<size_t>>;

AddFile Plain(int64_t size) {
  AddFile file;
  file.path = "f" + std::to_string(size);
  file.size = size;
  file.stats = R"({"numRecords":100})";
  return file;
}

AddFile InCube(const std::string& cube, int64_t size, const std::vector<std::string>& columns = {"a"}) {
  AddFile file = Plain(size);
  TagWithCube(file, cube, columns);
  return file;
}

CubePlan PlanOf(std::vector<AddFile> files, CubeOptions options = {}) {
  SnapshotState state;
  state.version = 1;
  state.schema = IdSchema();
  state.metadata = MetadataOf(state.schema, {});
  state.files = std::move(files);
  options.columns = {"a"};
  return PlanCubes(Snapshot("/t", std::move(state)), options);
}

TEST(ZCube, NewFilesBecomeACubeEvenASingleOne) {
  EXPECT_EQ(PlanOf({Plain(1), Plain(2)}).cubes, (Bins{{0, 1}}));
  EXPECT_EQ(PlanOf({Plain(1)}).cubes, (Bins{{0}}));
  EXPECT_EQ(PlanOf({}).cubes, Bins{});
}

TEST(ZCube, AnUnfinishedCubeIsLaidOutAgainWithNewFilesOnly) {
  EXPECT_EQ(PlanOf({InCube("c", 1), InCube("c", 2)}).cubes, Bins{}) << "one cube alone is as good as it can be";
  CubePlan grown = PlanOf({InCube("c", 5), Plain(1), InCube("c", 6)});
  EXPECT_EQ(grown.cubes, (Bins{{1, 0, 2}})) << "files of no cube first";
  EXPECT_EQ(grown.cube_count, 1);
  EXPECT_EQ(grown.cube_files, (std::vector<size_t>{0, 2}));
  EXPECT_EQ(grown.other_files, std::vector<size_t>{1});
  EXPECT_EQ(PlanOf({InCube("c", 1), InCube("d", 2)}).cubes, (Bins{{0, 1}})) << "two cubes become one";
}

TEST(ZCube, AFinishedCubeStays) {
  CubeOptions options;
  options.finished_bytes = 10;
  options.target_bytes = 15;
  EXPECT_EQ(PlanOf({InCube("c", 6), InCube("c", 4), Plain(1)}, options).cubes, (Bins{{2}}));
  AddFile half = InCube("c", 6);
  half.deletion_vector = DeletionVectorDescriptor{"i", "x", std::nullopt, 4, 50};
  EXPECT_EQ(PlanOf({half, InCube("c", 4), Plain(1)}, options).cubes, (Bins{{2, 0, 1}})) << "deleted rows do not count";
  // A new cube is no greater than the target.
  EXPECT_EQ(PlanOf({Plain(9), Plain(6), Plain(1)}, options).cubes, (Bins{{0, 1}, {2}}));
}

TEST(ZCube, FilesOfOtherColumnsOrProvidersAreForFullAlone) {
  AddFile foreign = Plain(3);
  foreign.clustering_provider = "other";
  std::vector<AddFile> files = {InCube("b", 1, {"b"}), InCube("c", 2), foreign};
  EXPECT_EQ(PlanOf(files).cubes, Bins{});
  CubePlan full = PlanOf(files, {.columns = {}, .full = true});
  EXPECT_EQ(full.cubes, (Bins{{1, 2, 0}}));
  EXPECT_EQ(full.cube_count, 2);
  EXPECT_EQ(PlanOf({InCube("c", 2)}, {.columns = {}, .full = true}).cubes, Bins{}) << "nothing left to do";
}

TEST(Clustering, TheDomainHoldsPhysicalPaths) {
  DomainMetadata domain = ClusteringDomain({{"a"}, {"s", "x y"}});
  EXPECT_EQ(domain.domain, "delta.clustering");
  EXPECT_EQ(domain.configuration, R"({"clusteringColumns":[["a"],["s","x y"]],"domainName":"delta.clustering"})");
  EXPECT_EQ(*ParseClusteringDomain(domain), (std::vector<ColumnPath>{{"a"}, {"s", "x y"}}));
  EXPECT_EQ(ParseClusteringDomain({"delta.clustering", "[]", false}), std::nullopt);
}

TEST(Clustering, ColumnsMustBeKnownOrderedAndHaveStatistics) {
  Schema schema = *Schema::ParseDdl("a INT, s STRUCT<x: INT, y: ARRAY<INT>>, b BOOLEAN, c STRING, d DATE, e DOUBLE");
  Metadata metadata = MetadataOf(schema, {});
  auto find = [&](std::vector<ColumnPath> names) {
    auto found = FindClusteringColumns(names, schema, metadata);
    return found.ok() ? "OK" : found.error().condition;
  };
  EXPECT_EQ(*FindClusteringColumns({{"A"}, {"S", "X"}}, schema, metadata), (std::vector<ColumnPath>{{"a"}, {"s", "x"}}));
  EXPECT_EQ(find({{"a"}, {"s", "x"}, {"c"}, {"d"}}), "OK");
  EXPECT_EQ(find({{"a"}, {"s", "x"}, {"c"}, {"d"}, {"e"}}), "DELTA_CLUSTER_BY_INVALID_NUM_COLUMNS");
  EXPECT_EQ(find({{"nope"}}), "DELTA_COLUMN_NOT_FOUND_IN_SCHEMA");
  EXPECT_EQ(find({{"a", "x"}}), "DELTA_COLUMN_NOT_FOUND_IN_SCHEMA");
  EXPECT_EQ(find({{"a"}, {"A"}}), "DELTA_DUPLICATE_COLUMNS_FOUND");
  EXPECT_EQ(find({{"s", "y"}}), "DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED");
  EXPECT_EQ(find({{"s"}}), "DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED");
  metadata.configuration["delta.dataSkippingNumIndexedCols"] = "1";
  EXPECT_EQ(find({{"a"}}), "OK");
  EXPECT_EQ(find({{"c"}}), "DELTA_CLUSTERING_COLUMN_MISSING_STATS");
}

}  // namespace
}  // namespace ashlar::delta
