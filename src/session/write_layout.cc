#include "session/write_layout.h"

#include <algorithm>

#include "base/text.h"
#include "delta/maintenance/optimize.h"

namespace ashlar::session {
namespace {

constexpr int64_t kFileBytes = int64_t{128} << 20;
constexpr const char* kCodec = "spark.sql.parquet.compression.codec";
constexpr const char* kFileRows = "spark.sql.files.maxRecordsPerFile";
constexpr const char* kBinSize = "spark.databricks.delta.optimizeWrite.binSize";

std::optional<std::string> OptionOf(const WriteOptions& options, std::string_view name) {
  auto said = std::ranges::find_if(options, [&](const auto& option) { return EqualsIgnoreCase(option.first, name); });
  return said == options.end() ? std::nullopt : std::optional(said->second);
}

// "true" or "false".
Result<std::string> SaidByWriter(const WriteOptions& options, std::string otherwise) {
  std::optional<std::string> said = OptionOf(options, "optimizeWrite");
  if (!said) return otherwise;
  std::string value = ToLowerAscii(*said);
  if (value == "true" || value == "false") return value;
  return MakeSqlError("DELTA_ILLEGAL_OPTION", "42616",
                      "Invalid value '" + *said + "' for option 'optimizeWrite', must be 'true' or 'false'",
                      {{"name", "optimizeWrite"}, {"input", *said}, {"explain", "must be 'true' or 'false'"}});
}

Result<bool> OptimizesWrites(const StatementRun& run, const delta::Metadata& metadata, const WriteOptions& options) {
  bool table = delta::BooleanProperty(metadata.configuration, "delta.autoOptimize", false);
  table = delta::BooleanProperty(metadata.configuration, "delta.autoOptimize.optimizeWrite", table);
  std::string session = run.state().confs.GetOr("spark.databricks.delta.optimizeWrite.enabled", table ? "true" : "false");
  ASSIGN_OR_RETURN(std::string wanted, SaidByWriter(options, std::move(session)));
  return wanted == "true";
}

Result<int64_t> FileBytesOf(const StatementRun& run, const delta::Metadata& metadata, const WriteOptions& options) {
  ASSIGN_OR_RETURN(bool optimizes, OptimizesWrites(run, metadata, options));
  if (metadata.configuration.contains("delta.targetFileSize")) return delta::TargetFileBytes(metadata);
  if (!optimizes) return kFileBytes;
  std::string size = run.state().confs.GetOr(kBinSize, "512");
  std::optional<int64_t> bytes = delta::SizeInBytes(size, 20);
  if (bytes) return *bytes;
  return MakeError(ErrorCode::kInvalidParameterValue, "The configuration " + std::string(kBinSize) + " is not a size: " + size);
}

Result<engine::ParquetCodec> CodecOf(const StatementRun& run, const delta::Metadata& metadata, const WriteOptions& options) {
  std::optional<std::string> name = OptionOf(options, "compression");
  if (!name && run.state().confs.IsSaid(kCodec)) name = run.state().confs.Get(kCodec);
  if (!name) {
    auto property = metadata.configuration.find("delta.parquet.compression.codec");
    if (property == metadata.configuration.end()) return engine::ParquetCodec();
    name = property->second;
  }
  if (std::optional<engine::ParquetCodec> codec = engine::FindParquetCodec(*name)) return *codec;
  if (EqualsIgnoreCase(*name, "lz4") || EqualsIgnoreCase(*name, "lzo")) return NotImplemented("the codec " + *name + " of Parquet files");
  return MakeError(ErrorCode::kInvalidParameterValue, "There is no codec of Parquet files with the name " + *name + ".");
}

Result<int64_t> FileRowsOf(const StatementRun& run, const WriteOptions& options) {
  std::optional<std::string> option = OptionOf(options, "maxRecordsPerFile");
  std::string said = option ? *option : std::string(Trim(run.state().confs.GetOr(kFileRows, "0")));
  std::optional<int64_t> rows = ParseInt64(said);
  if (rows) return std::max<int64_t>(*rows, 0);
  return MakeError(ErrorCode::kInvalidParameterValue, "The option maxRecordsPerFile is no number. For input string: \"" + said + "\"");
}

}  // namespace

Result<WriteLayout> LayoutOf(const StatementRun& run, const delta::Metadata& metadata, const WriteOptions& options) {
  WriteLayout layout;
  ASSIGN_OR_RETURN(layout.file_bytes, FileBytesOf(run, metadata, options));
  ASSIGN_OR_RETURN(layout.codec, CodecOf(run, metadata, options));
  ASSIGN_OR_RETURN(layout.file_rows, FileRowsOf(run, options));
  return layout;
}

}  // namespace ashlar::session
