#include "engine/char_text.h"

#include "base/text.h"

namespace ashlar::engine {
namespace {

std::string FieldSql(const std::string& sql, size_t i) { return "struct_extract(" + sql + ", 'f" + std::to_string(i) + "')"; }

std::string TransformSql(const std::string& list, const std::string& item, const std::string& body) {
  return body == item ? list : "list_transform(" + list + ", lambda " + item + ": " + body + ")";
}

// Lambda parameters need names of their own where one stands in another.
class CharText {
 public:
  std::string Filled(const DataType& type, const std::string& sql) {
    switch (type.id()) {
      case TypeId::kString: return type.is_char() ? FilledText(type, sql) : sql;
      case TypeId::kArray: {
        std::string item = NextParameter();
        return TransformSql(sql, item, Filled(type.element(), item));
      }
      case TypeId::kMap: return FilledMap(type, sql);
      case TypeId::kStruct: return FilledStruct(type, sql);
      default: return sql;
    }
  }

  std::optional<LengthCondition> Fits(const DataType& type, const std::string& sql, const std::string& text) {
    switch (type.id()) {
      case TypeId::kString: return FitsText(type, sql, text);
      case TypeId::kArray: return AllFit(type.element(), sql, text);
      case TypeId::kMap:
        return Both(AllFit(type.key(), "map_keys(" + sql + ")", "map_keys(" + text + ")"),
                    AllFit(type.map_value(), "map_values(" + sql + ")", "map_values(" + text + ")"));
      case TypeId::kStruct: {
        std::optional<LengthCondition> all;
        for (size_t i = 0; i < type.fields().size(); ++i) {
          const Field& field = type.fields()[i];
          all = Both(std::move(all), Fits(field.type, FieldSql(sql, i), text + "." + QuoteIdentifier(field.name)));
        }
        return all;
      }
      default: return std::nullopt;
    }
  }

 private:
  static std::string FilledText(const DataType& type, const std::string& sql) {
    std::string length = std::to_string(type.char_length());
    return "CASE WHEN length(" + sql + ") < " + length + " THEN rpad(" + sql + ", " + length + ", ' ') ELSE " + sql + " END";
  }

  std::string FilledMap(const DataType& type, const std::string& sql) {
    std::string item = NextParameter();
    std::string keys = Filled(type.key(), item), values = Filled(type.map_value(), item);
    if (keys == item && values == item) return sql;
    return "CASE WHEN " + sql + " IS NULL THEN NULL ELSE MAP(" + TransformSql("map_keys(" + sql + ")", item, keys) + ", " +
           TransformSql("map_values(" + sql + ")", item, values) + ") END";
  }

  std::string FilledStruct(const DataType& type, const std::string& sql) {
    std::string fields;
    bool same = true;
    for (size_t i = 0; i < type.fields().size(); ++i) {
      std::string field = FieldSql(sql, i), filled = Filled(type.fields()[i].type, field);
      same = same && filled == field;
      fields += (i > 0 ? ", f" : "f") + std::to_string(i) + " := " + filled;
    }
    return same ? sql : "CASE WHEN " + sql + " IS NULL THEN NULL ELSE struct_pack(" + fields + ") END";
  }

  static std::optional<LengthCondition> FitsText(const DataType& type, const std::string& sql, const std::string& text) {
    if (!type.is_char() && !type.is_varchar()) return std::nullopt;
    std::string length = std::to_string(type.char_length());
    return LengthCondition{"coalesce(length(" + sql + ") <= " + length + ", TRUE)",
                           "((" + text + " IS NULL) OR (length(" + text + ") <= " + length + "))"};
  }

  std::optional<LengthCondition> AllFit(const DataType& element, const std::string& list, const std::string& text) {
    std::string item = NextParameter();
    std::optional<LengthCondition> each = Fits(element, item, "namedlambdavariable()");
    if (!each) return std::nullopt;
    return LengthCondition{"coalesce(len(list_filter(" + list + ", lambda " + item + ": NOT " + each->sql + ")) = 0, TRUE)",
                           "((" + text + " IS NULL) OR forall(" + text + ", lambdafunction(" + each->text + ", namedlambdavariable())))"};
  }

  static std::optional<LengthCondition> Both(std::optional<LengthCondition> a, std::optional<LengthCondition> b) {
    if (!a || !b) return a ? std::move(a) : std::move(b);
    return LengthCondition{"(" + a->sql + " AND " + b->sql + ")", "(" + a->text + " AND " + b->text + ")"};
  }

  // Called as no column is: DuckDB takes k0.key for a field of the column k0 where there is one.
  std::string NextParameter() { return "text" + std::to_string(next_parameter_++); }

  int next_parameter_ = 0;
};

}  // namespace

std::string FilledSql(const DataType& type, const std::string& sql) { return CharText().Filled(type, sql); }

std::optional<LengthCondition> FitsLengths(const DataType& type, const std::string& sql, const std::string& text) {
  return CharText().Fits(type, sql, text);
}

}  // namespace ashlar::engine
