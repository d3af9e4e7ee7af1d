// A Delta table in a folder of its own, which the engine writes and reads and delta commits, for tests of this module.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "delta/committer.h"
#include "delta/schema.h"
#include "delta/transaction.h"
#include "engine/delta_table_source.h"
#include "engine/engine.h"
#include "engine/lowering/plan_builder.h"
#include "engine/parquet_actions.h"
#include "engine/table_writer.h"
#include "engine/test_values.h"
#include "objectstore/local_store.h"

namespace ashlar::engine {

class DeltaTableTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ashlar-engine-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    root_ = std::filesystem::canonical(folder).string();
    OpenEngine(1u << 30);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void OpenEngine(uint64_t memory_limit_bytes, int threads = 2) {
    auto engine = Engine::Open({.memory_limit_bytes = memory_limit_bytes, .threads = threads, .temp_directory = root_ + "/spill"});
    ASSERT_TRUE(engine.ok()) << FullMessage(engine.error());
    engine_ = *std::move(engine);
    parquet_ = std::make_unique<EngineParquetActions>(*engine_);
    connection_ = engine_->NewConnection();
  }
  delta::TableLocation Location() { return {&store_, root_ + "/t", parquet_.get()}; }
  delta::TransactionEnvironment Env() { return {.clock = SystemClock(), .random = SystemRandom()}; }
  std::shared_ptr<const delta::Snapshot> Latest() {
    auto snapshot = delta::Snapshot::Load(Location());
    CHECK(snapshot.ok()) << FullMessage(snapshot.error());
    return *snapshot;
  }
  void Create(const std::string& ddl, std::vector<std::string> partition = {}, delta::StringMap properties = {}) {
    auto schema = Schema::ParseDdl(ddl);
    ASSERT_TRUE(schema.ok());
    auto definition = delta::DefineTable({.schema = *schema, .partition_columns = partition, .properties = properties,
                                          .name = {}, .description = {}},
                                         SystemClock(), SystemRandom());
    ASSERT_TRUE(definition.ok()) << FullMessage(definition.error());
    delta::Transaction txn(Location(), committer_, *definition, Env());
    txn.SetOperation({.name = "CREATE TABLE", .parameters = {}, .metrics = {}, .user_metadata = {}, .user_id = {}, .user_name = {}});
    auto done = txn.Commit();
    ASSERT_TRUE(done.ok()) << FullMessage(done.error());
  }
  WriteTarget Target() {
    auto snapshot = Latest();
    WriteTarget target;
    target.table = Location();
    target.schema = snapshot->schema();
    target.partition_columns = snapshot->partition_columns();
    target.metadata = snapshot->metadata();
    return target;
  }
  Status Insert(const sql::PlanPtr& rows) { return Insert(rows, Target()); }
  Status Insert(const sql::PlanPtr& rows, const WriteTarget& target) {
    delta::Transaction txn(Location(), committer_, Latest(), Env());
    ASSIGN_OR_RETURN(auto written, WriteRows(*connection_, rows, target,
                                             [&](const std::string& path) { txn.TrackCreatedFile(path); }));
    for (auto& file : written.files) txn.Add(file);
    txn.SetOperation({.name = "WRITE", .parameters = {}, .metrics = {}, .user_metadata = {}, .user_id = {}, .user_name = {}});
    ASSIGN_OR_RETURN(auto done, txn.Commit());
    if (done.checkpoint_error) return *done.checkpoint_error;
    return {};
  }
  std::shared_ptr<const sql::TableHandle> Open(const std::string& format = "DELTA", const std::string& path = "",
                                               std::map<std::string, std::string> options = {},
                                               std::optional<Schema> schema = std::nullopt) {
    DeltaTableSource source(*engine_, store_, *parquet_, cache_);
    sql::ResolvedRelation relation;
    relation.kind = sql::RelationKind::kPath;
    relation.format = format;
    relation.location = path.empty() ? root_ + "/t" : path;
    auto handle = source.Open(relation, {}, options, schema);
    CHECK(handle.ok()) << FullMessage(handle.error());
    return *handle;
  }
  // Attribute ids are indexes + 1; positions, when asked for, follow.
  sql::PlanPtr Scan(const std::shared_ptr<const sql::TableHandle>& table, bool positions = false) {
    std::vector<sql::Attribute> output;
    std::vector<int> indexes;
    for (size_t i = 0; i < table->schema().fields.size(); ++i) {
      indexes.push_back(static_cast<int>(i));
      output.push_back(plan_builder::Attr(static_cast<int64_t>(i + 1), table->schema().fields[i].name, table->schema().fields[i].type));
    }
    if (positions) {
      output.push_back(plan_builder::Attr(1001, "_file", kLong));
      output.push_back(plan_builder::Attr(1002, "_row", kLong));
    }
    return plan_builder::MakePlan(output, sql::ScanPlan{table, indexes, positions});
  }
  std::vector<std::string> Rows(const sql::PlanPtr& plan) {
    auto stream = connection_->Execute(plan, {});
    if (!stream.ok()) return {FullMessage(stream.error()) + *connection_->LowerToSql(plan)};
    auto rows = CollectRows(**stream);
    if (!rows.ok()) return {FullMessage(rows.error())};
    std::vector<std::string> out;
    for (const auto& row : *rows) out.push_back(ShowRow(row));
    std::ranges::sort(out);
    return out;
  }
  std::vector<std::string> Table() { return Rows(Scan(Open())); }

  std::string root_;
  objectstore::LocalObjectStore store_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<EngineParquetActions> parquet_;
  std::shared_ptr<Connection> connection_;
  delta::StoreCommitter committer_{store_};
  SnapshotCache cache_;
};

using Lines = std::vector<std::string>;

inline sql::PlanPtr Pairs(std::vector<std::pair<int, const char*>> rows) {
  std::vector<std::vector<sql::TypedExprPtr>> values;
  for (auto& [id, name] : rows) {
    values.push_back({plan_builder::Int(id), name == nullptr ? plan_builder::Literal(Value::Null(kText)) : plan_builder::Text(name)});
  }
  return plan_builder::Values({plan_builder::Attr(501, "id", kInt), plan_builder::Attr(502, "name", kText)}, values);
}

}  // namespace ashlar::engine
