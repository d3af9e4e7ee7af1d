// df.show(): rows as a text table, a vertical list or HTML, character for character as Spark prints
// them. Cells are cast to string by the engine, in the session's time zone.
#include "base/text.h"
#include "connect/plan_runner.h"
#include "connect/show_table.h"

namespace ashlar::connect {
namespace {

sql::ExprPtr Call(std::string name, sql::ExprPtr argument) {
  sql::FunctionExpr call;
  call.name = {std::move(name)};
  call.args = {std::move(argument)};
  return sql::MakeExpr(std::move(call));
}

// "616263" as "[61 62 63]".
std::string BinaryText(const std::string& hex) {
  std::string text = "[";
  for (size_t i = 0; i + 1 < hex.size(); i += 2) text += (i > 0 ? " " : "") + hex.substr(i, 2);
  return text + "]";
}

// The type with every leaf a string: what the engine casts, before the brackets are put round it.
DataType TextType(const DataType& type) {
  switch (type.id()) {
    case TypeId::kArray: return DataType::Array(TextType(type.element()));
    case TypeId::kMap: return DataType::Map(TextType(type.key()), TextType(type.map_value()));
    case TypeId::kStruct: {
      std::vector<Field> fields = type.fields();
      for (Field& field : fields) field = {field.name, TextType(field.type), true, "{}"};
      return DataType::Struct(std::move(fields));
    }
    default: return TypeId::kString;
  }
}

// [1, NULL], {k -> v}, {1, x}
std::string CellText(const Value& value) {
  if (value.is_null()) return "NULL";
  if (auto* text = std::get_if<std::string>(&value.data)) return *text;
  const auto& items = std::get<std::vector<Value>>(value.data);
  bool map = value.type.Is(TypeId::kMap);
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += map && i % 2 == 1 ? " -> " : ", ";
    out += CellText(items[i]);
  }
  return value.type.Is(TypeId::kArray) ? "[" + out + "]" : "{" + out + "}";
}

// The rows and one more, which tells whether there are more.
Result<ShownRows> FetchRows(const sc::Relation& input, int rows, Decoder& decoder, session::StatementRun& run) {
  ASSIGN_OR_RETURN(sql::RelationPtr query, decoder.Relation(input));
  ASSIGN_OR_RETURN(sql::AnalyzedQuery analyzed, run.Analyze(query));
  const std::vector<sql::Attribute>& columns = analyzed.plan->output;
  int64_t limit = std::clamp<int64_t>(rows, 0, std::numeric_limits<int32_t>::max() - 1);
  sql::ExprPtr fetched = sql::MakeExpr(sql::LiteralExpr{Value::Int(static_cast<int32_t>(limit) + 1)});
  sql::RelationPtr limited = sql::MakeRelation(sql::LimitRelation{std::move(query), std::move(fetched), nullptr});
  // Names by position: those of the result may repeat.
  sql::ToDfRelation renamed{std::move(limited), {}};
  sql::ProjectRelation texts;
  ShownRows shown;
  for (size_t i = 0; i < columns.size(); ++i) {
    shown.names.push_back(columns[i].name);
    renamed.names.push_back("c" + std::to_string(i));
    sql::ExprPtr column = sql::MakeExpr(sql::AttributeExpr{{renamed.names.back()}, std::nullopt});
    sql::ExprPtr text = columns[i].type.Is(TypeId::kBinary)
                            ? Call("hex", std::move(column))
                            : sql::MakeExpr(sql::CastExpr{std::move(column), TextType(columns[i].type), sql::CastMode::kDefault});
    texts.exprs.push_back(sql::MakeExpr(sql::AliasExpr{std::move(text), {renamed.names.back()}, ""}));
  }
  if (columns.empty()) return shown;
  texts.input = sql::MakeRelation(std::move(renamed));
  ASSIGN_OR_RETURN(auto stream, run.Run(sql::Statement{{}, sql::QueryStatement{sql::MakeRelation(std::move(texts))}}));
  ASSIGN_OR_RETURN(std::vector<std::vector<Value>> values, engine::CollectRows(*stream));
  shown.has_more = std::ssize(values) > limit;
  if (shown.has_more) values.resize(static_cast<size_t>(limit));
  for (const std::vector<Value>& row : values) {
    std::vector<std::string> cells;
    for (size_t i = 0; i < row.size(); ++i) {
      bool binary = columns[i].type.Is(TypeId::kBinary) && !row[i].is_null();
      cells.push_back(binary ? BinaryText(std::get<std::string>(row[i].data)) : CellText(row[i]));
    }
    shown.rows.push_back(std::move(cells));
  }
  return shown;
}

}  // namespace

Result<std::string> ShowText(const sc::ShowString& proto, Decoder& decoder, session::StatementRun& run) {
  ASSIGN_OR_RETURN(ShownRows rows, FetchRows(proto.input(), proto.num_rows(), decoder, run));
  return proto.vertical() ? VerticalText(std::move(rows), proto.truncate()) : TableText(std::move(rows), proto.truncate());
}

Result<std::string> ShowHtml(const sc::HtmlString& proto, Decoder& decoder, session::StatementRun& run) {
  ASSIGN_OR_RETURN(ShownRows rows, FetchRows(proto.input(), proto.num_rows(), decoder, run));
  return HtmlText(std::move(rows), proto.truncate());
}

}  // namespace ashlar::connect
