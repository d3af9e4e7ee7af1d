// Parser, analyzer, lowering and engine together against tests/sql: the rows of every query Spark
// answered and the condition of every error it raised. What differs is listed in
// tests/sql/engine_differences.txt; that list may only get shorter: a difference that is not listed
// fails. (Schemas and the analyzer's errors in full are compared by the functions module's test.)
//
// Temporary views and settings of a file are kept; queries over tables that other statements of the
// file made are left to the session's tests.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "engine/engine.h"
#include "functions/registry.h"
#include "sql/analyzer.h"
#include "sql/parser.h"
#include "sql/test_recordings.h"

namespace ashlar::engine {
namespace {

constexpr const char* kDifferences = "tests/sql/engine_differences.txt";

class NoTables : public sql::CatalogView, public sql::TableSource {
 public:
  std::vector<Result<sql::ResolvedRelation>> Resolve(std::span<const std::string>,
                                                     std::span<const sql::ResolveRequest> requests) override {
    std::vector<Result<sql::ResolvedRelation>> answers;
    for (const auto& request : requests) {
      answers.emplace_back(MakeSqlError("TABLE_OR_VIEW_NOT_FOUND", "42P01", "no " + Join(request.name, ".")));
    }
    return answers;
  }
  Result<std::shared_ptr<const sql::TableHandle>> Open(const sql::ResolvedRelation&, const sql::TimeTravel&,
                                                       const std::map<std::string, std::string>&,
                                                       const std::optional<Schema>&) override {
    return NotImplemented("tables in this test");
  }
};

std::string Cell(const Value& value) {
  if (value.is_null()) return "NULL";
  const std::string& text = std::get<std::string>(value.data);
  if (text.empty()) return "\\e";
  if (text == "NULL") return "\\NULL";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    char hex[8];
    snprintf(hex, sizeof(hex), "\\x%02X", c);
    if (c == '\\') out += "\\\\";
    else if (c == '\t') out += "\\t";
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else if (c < 0x20 || c == 0x7f) out += hex;
    else if (c == ' ' && i + 1 == text.size()) out += "\\s";
    else out += static_cast<char>(c);
  }
  return out;
}

// The query's columns as Spark's text of them; binary as hex.
sql::PlanPtr AsText(const sql::PlanPtr& plan) {
  std::vector<sql::NamedExpr> columns;
  std::vector<sql::Attribute> output;
  for (const sql::Attribute& attribute : plan->output) {
    sql::TypedExpr column{.type = attribute.type, .nullable = true, .span = {}, .node = sql::ColumnNode{attribute.id, ""}};
    auto child = std::make_shared<const sql::TypedExpr>(column);
    sql::TypedExpr text{.type = TypeId::kString, .nullable = true, .span = {}, .node = sql::LiteralNode{}};
    if (attribute.type.Is(TypeId::kBinary)) {
      text.node = sql::CallNode{"hex", "hex({0})", {child}, true, false};
    } else {
      text.node = sql::CastNode{child, sql::TypedCastMode::kAnsi};
    }
    sql::Attribute made{.id = 1000000000 + static_cast<int64_t>(columns.size()), .name = attribute.name, .type = TypeId::kString};
    columns.push_back({made, std::make_shared<const sql::TypedExpr>(text)});
    output.push_back(made);
  }
  return std::make_shared<const sql::Plan>(sql::Plan{output, sql::ProjectPlan{plan, columns}});
}

bool SameNumber(const std::string& a, const std::string& b, double tolerance) {
  char *end_a = nullptr, *end_b = nullptr;
  double x = std::strtod(a.c_str(), &end_a), y = std::strtod(b.c_str(), &end_b);
  if (*end_a != '\0' || *end_b != '\0' || a.empty() || b.empty()) return false;
  return x == y || std::fabs(x - y) <= tolerance * std::max(std::fabs(x), std::fabs(y));
}

bool SameLine(const std::string& ours, const std::string& sparks) {
  if (ours == sparks) return true;
  auto a = SplitView(ours, '\t'), b = SplitView(sparks, '\t');
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    // Only floating-point text has a point or an exponent.
    if (b[i].find_first_of(".E") == std::string_view::npos) return false;
    if (!SameNumber(std::string(a[i]), std::string(b[i]), 1e-12)) return false;
  }
  return true;
}

// Interrupts a query that runs away, so that it is a difference like others.
class Watchdog {
 public:
  explicit Watchdog(Connection& connection)
      : thread_([this, &connection] {
          std::unique_lock lock(mutex_);
          if (!ended_.wait_for(lock, std::chrono::seconds(30), [this] { return done_; })) connection.Interrupt();
        }) {}
  ~Watchdog() {
    {
      std::lock_guard lock(mutex_);
      done_ = true;
    }
    ended_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  std::jthread thread_;
};

class FileSession {
 public:
  explicit FileSession(Engine& engine) : engine_(engine), connection_(engine.NewConnection()) {}

  void Configure(const std::string& directive) {
    auto words = SplitView(directive, ' ');
    std::string key(words.size() > 1 ? words[1] : "");
    std::string value(words.size() > 2 ? words[2] : "");
    if (key == "spark.sql.ansi.enabled") ansi_ = value != "false";
    if (key == "spark.sql.mapKeyDedupPolicy") last_map_key_wins_ = value == "LAST_WIN";
    if (key == "spark.sql.session.timeZone") {
      zone_ = value.empty() ? "UTC" : value;
      zone_known_ = connection_->SetTimeZone(zone_).ok();
    }
  }

  // "" when the answer is Spark's; "-" when it is not ours to give; else what is wrong.
  std::string Check(const sql::Recording& recording) {
    if (recording.answer.empty() || recording.answer[0] == "?") return "-";
    if (!zone_known_) return "time zone " + zone_;
    sql::ParserOptions options{.ansi = ansi_, .double_quoted_identifiers = false, .time_zone = zone_};
    auto parsed = sql::ParseStatement(recording.sql, options);
    if (!parsed.ok()) return CheckError(recording, parsed.error());
    if (auto* view = std::get_if<sql::CreateViewStatement>(&parsed->node); view && view->temporary) {
      std::vector<std::string> columns;
      for (const Field& field : view->columns) columns.push_back(field.name);
      if (recording.answer[0] == "ok") views_[ToLowerAscii(view->name.back())] = {view->query, columns};
      return "-";
    }
    auto* query = std::get_if<sql::QueryStatement>(&parsed->node);
    if (query == nullptr) return "-";
    sql::AnalyzerContext context = Context();
    auto analysed = sql::AnalyzeQuery(query->query, context);
    if (!analysed.ok()) return CheckError(recording, analysed.error());
    // A connection of its own: an interruption holds for all that follows on it.
    auto connection = engine_.NewConnection();
    CHECK(connection->SetTimeZone(zone_).ok());
    Watchdog watchdog(*connection);
    auto stream = connection->Execute(AsText(analysed->plan), {});
    if (!stream.ok()) return CheckError(recording, stream.error());
    auto rows = CollectRows(**stream);
    if (!rows.ok()) return CheckError(recording, rows.error());
    return CheckRows(recording, *rows, analysed->plan->output);
  }

 private:
  sql::AnalyzerContext Context() {
    sql::AnalyzerContext context{tables_, tables_, functions::SparkFunctions()};
    context.current_catalog = "spark_catalog";
    context.user = "tester";
    context.ansi = ansi_;
    context.last_map_key_wins = last_map_key_wins_;
    context.time_zone = zone_;
    context.now_micros = SystemClock().NowMicros();
    context.temporary_views = &views_;
    context.parse_query = [this](const std::string& text, const std::string& zone) -> Result<sql::RelationPtr> {
      ASSIGN_OR_RETURN(auto statement, sql::ParseStatement(text, {.ansi = ansi_, .double_quoted_identifiers = false, .time_zone = zone}));
      return std::get<sql::QueryStatement>(statement.node).query;
    };
    return context;
  }

  static std::string CheckError(const sql::Recording& recording, const Error& error) {
    if (error.condition == "TABLE_OR_VIEW_NOT_FOUND") return "-";
    std::string ours = "error: " + error.condition + " " + (error.sqlstate.empty() ? "-" : error.sqlstate);
    if (recording.answer[0].starts_with(ours + " ") || recording.answer[0] == ours) return "";
    // The parser's own conditions are compared elsewhere.
    if (recording.answer[0].starts_with("error: PARSE_") && error.condition.starts_with("PARSE_")) return "";
    return "spark: " + recording.answer[0].substr(0, 300) + "\n  ours:  " + ours + " " + error.message.substr(0, 600);
  }

  static std::string CheckRows(const sql::Recording& recording, const std::vector<std::vector<Value>>& rows,
                               const std::vector<sql::Attribute>& output) {
    std::string wanted = recording.directive.starts_with("query columns ") ? recording.directive.substr(14) : "";
    std::vector<std::string> lines;
    for (const auto& row : rows) {
      std::string line;
      for (size_t i = 0; i < row.size(); ++i) {
        if (!wanted.empty() && ("," + wanted + ",").find("," + output[i].name + ",") == std::string::npos) continue;
        line += (line.empty() ? "" : "\t") + Cell(row[i]);
      }
      lines.push_back(line);
    }
    if (recording.directive.starts_with("query sorted")) std::ranges::sort(lines);
    // Rows without columns are empty lines, and those end a recording.
    if (output.empty()) lines.clear();
    std::vector<std::string> expected(recording.answer.begin() + 1, recording.answer.end());
    bool same = lines.size() == expected.size() && recording.answer[0].starts_with("schema:");
    for (size_t i = 0; same && i < lines.size(); ++i) same = SameLine(lines[i], expected[i]);
    if (same) return "";
    std::string out = "spark: " + Join(recording.answer, " ⏎ ").substr(0, 500);
    return out + "\n  ours:  " + Join(lines, " ⏎ ").substr(0, 500);
  }

  NoTables tables_;
  Engine& engine_;
  std::shared_ptr<Connection> connection_;
  std::map<std::string, sql::TemporaryView> views_;
  bool ansi_ = true;
  bool last_map_key_wins_ = false;
  std::string zone_ = "UTC";
  bool zone_known_ = true;
};

std::set<std::string> ListedDifferences() {
  std::set<std::string> listed;
  auto text = ReadFile(kDifferences);
  if (!text.ok()) return listed;
  for (std::string_view line : SplitView(*text, '\n')) {
    if (!line.empty() && !line.starts_with("#")) listed.insert(std::string(line));
  }
  return listed;
}

TEST(SqlRecordings, RowsAndErrorsAreSparks) {
  auto engine = Engine::Open({.memory_limit_bytes = 1u << 30, .threads = 2, .temp_directory = ""});
  ASSERT_TRUE(engine.ok());
  std::set<std::string> listed = ListedDifferences(), seen;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/sql")) {
    if (entry.path().extension() == ".test") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  // Where to write what differs now.
  const char* report_path = std::getenv("ASHLAR_ENGINE_REPORT");
  std::ofstream report(report_path ? report_path : "/dev/null");
  std::ofstream list(report_path ? std::string(report_path) + ".list" : "/dev/null");
  size_t compared = 0, same = 0;
  for (const auto& file : files) {
    FileSession session(**engine);
    size_t file_compared = 0, file_same = 0;
    for (const sql::Recording& recording : sql::ReadRecordings(file)) {
      if (recording.directive.starts_with("config")) {
        session.Configure(recording.directive);
        continue;
      }
      std::string difference = session.Check(recording);
      if (difference == "-") continue;
      ++file_compared;
      if (difference.empty()) {
        ++file_same;
        if (listed.contains(recording.Key())) std::printf("as Spark's now, take it off the list: %s\n", recording.Key().c_str());
        continue;
      }
      if (seen.insert(recording.Key()).second) list << recording.Key() << "\n";
      report << recording.Key() << "\n  " << difference << "\n";
      EXPECT_TRUE(listed.contains(recording.Key())) << recording.Key() << "\n  " << difference;
    }
    report << "## " << file.string() << ": " << file_same << " of " << file_compared << "\n";
    compared += file_compared;
    same += file_same;
  }
  std::printf("rows and errors as Spark's: %zu of %zu recordings\n", same, compared);
  EXPECT_GT(compared, 1000u);
}

}  // namespace
}  // namespace ashlar::engine
