// CHAR(n) is stored filled with blanks up to n characters: what it is compared with is filled alike, so
// that c = 'a' finds 'a  '.
#include <algorithm>

#include "sql/analyze/analysis.h"

namespace ashlar::sql {
namespace {

int CharacterCount(const std::string& utf8) {
  return static_cast<int>(std::ranges::count_if(utf8, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

void Analysis::NoteCharColumn(const Attribute& column, const DataType& stored) {
  if (stored.is_char()) char_lengths_[column.id] = stored.char_length();
}

// Of a CHAR column or of text written as it is.
std::optional<int> Analysis::ComparedLength(const TypedExpr& expr) const {
  if (const ColumnNode* column = AsColumn(expr)) {
    auto found = char_lengths_.find(column->id);
    return found == char_lengths_.end() ? std::nullopt : std::optional(found->second);
  }
  const Value* value = LiteralValue(expr);
  if (value == nullptr || value->is_null() || !value->type.Is(TypeId::kString)) return std::nullopt;
  return CharacterCount(std::get<std::string>(value->data));
}

Status Analysis::PadChars(std::vector<Resolved>& compared, SourceSpan span) {
  if (char_lengths_.empty()) return OkStatus();
  std::vector<int> lengths;
  bool any_column = false;
  for (const Resolved& value : compared) {
    std::optional<int> length = ComparedLength(*value.expr);
    if (!length) return OkStatus();
    lengths.push_back(*length);
    any_column = any_column || AsColumn(*value.expr) != nullptr;
  }
  if (!any_column) return OkStatus();
  int longest = std::ranges::max(lengths);
  for (size_t i = 0; i < compared.size(); ++i) {
    if (lengths[i] == longest) continue;
    if (const Value* text = LiteralValue(*compared[i].expr)) {
      std::string padded = std::get<std::string>(text->data) + std::string(static_cast<size_t>(longest - lengths[i]), ' ');
      compared[i].expr = MakeLiteral(Value::String(std::move(padded)), compared[i].expr->span);
      continue;
    }
    Resolved width{MakeLiteral(Value::Int(longest)), "", ""}, blank{MakeLiteral(Value::String(" ")), "", ""};
    ASSIGN_OR_RETURN(Resolved padded, CallFunction("rpad", {compared[i], std::move(width), std::move(blank)}, span));
    compared[i].expr = std::move(padded.expr);
  }
  return OkStatus();
}

}  // namespace ashlar::sql
