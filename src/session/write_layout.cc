#include "session/write_layout.h"

#include <algorithm>

#include "base/text.h"
#include "delta/maintenance/optimize.h"

namespace ashlar::session {
namespace {

constexpr int64_t kFileBytes = int64_t{128} << 20;
constexpr const char* kBinSize = "spark.databricks.delta.optimizeWrite.binSize";

// "true" or "false".
Result<std::string> SaidByWriter(const WriteOptions& options, std::string otherwise) {
  auto said = std::ranges::find_if(options, [](const auto& option) { return EqualsIgnoreCase(option.first, "optimizeWrite"); });
  if (said == options.end()) return otherwise;
  std::string value = ToLowerAscii(said->second);
  if (value == "true" || value == "false") return value;
  return MakeSqlError("DELTA_ILLEGAL_OPTION", "42616",
                      "Invalid value '" + said->second + "' for option 'optimizeWrite', must be 'true' or 'false'",
                      {{"name", "optimizeWrite"}, {"input", said->second}, {"explain", "must be 'true' or 'false'"}});
}

Result<bool> OptimizesWrites(const StatementRun& run, const delta::Metadata& metadata, const WriteOptions& options) {
  bool table = delta::BooleanProperty(metadata.configuration, "delta.autoOptimize", false);
  table = delta::BooleanProperty(metadata.configuration, "delta.autoOptimize.optimizeWrite", table);
  std::string session = run.state().confs.GetOr("spark.databricks.delta.optimizeWrite.enabled", table ? "true" : "false");
  ASSIGN_OR_RETURN(std::string wanted, SaidByWriter(options, std::move(session)));
  return wanted == "true";
}

}  // namespace

Result<int64_t> FileBytesOf(const StatementRun& run, const delta::Metadata& metadata, const WriteOptions& options) {
  ASSIGN_OR_RETURN(bool optimizes, OptimizesWrites(run, metadata, options));
  if (metadata.configuration.contains("delta.targetFileSize")) return delta::TargetFileBytes(metadata);
  if (!optimizes) return kFileBytes;
  std::string size = run.state().confs.GetOr(kBinSize, "512");
  std::optional<int64_t> bytes = delta::SizeInBytes(size, 20);
  if (bytes) return *bytes;
  return MakeError(ErrorCode::kInvalidParameterValue, "The configuration " + std::string(kBinSize) + " is not a size: " + size);
}

}  // namespace ashlar::session
