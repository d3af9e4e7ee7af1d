// Shape and place of expressions: precedence, literals, special calls, spans, limits.
#include <gtest/gtest.h>

#include "base/text.h"
#include "sql/parser.h"

namespace ashlar::sql {
namespace {

std::string Shape(const ExprPtr& expr);

std::string Shapes(const std::vector<ExprPtr>& exprs) {
  std::string text;
  for (const ExprPtr& expr : exprs) text += " " + Shape(expr);
  return text;
}

std::string ShapeOf(const Value& value) {
  std::string type = value.type.SimpleString();
  if (value.is_null()) return "NULL";
  if (const auto* number = std::get_if<int64_t>(&value.data)) return std::to_string(*number) + ":" + type;
  if (const auto* truth = std::get_if<bool>(&value.data)) return *truth ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&value.data)) return "'" + *text + "'";
  if (const auto* decimal = std::get_if<Int128>(&value.data)) return DecimalToText(*decimal, value.type.scale()) + ":" + type;
  return type;
}

// Prefix notation: (+ a (* b 2:int)).
std::string Shape(const ExprPtr& expr) {
  if (const auto* literal = std::get_if<LiteralExpr>(&expr->node)) return ShapeOf(literal->value);
  if (const auto* attribute = std::get_if<AttributeExpr>(&expr->node)) return Join(attribute->name, ".");
  if (const auto* call = std::get_if<FunctionExpr>(&expr->node)) {
    return "(" + Join(call->name, ".") + (call->distinct ? " DISTINCT" : "") + Shapes(call->args) + ")";
  }
  if (const auto* cast = std::get_if<CastExpr>(&expr->node)) {
    return "(cast " + Shape(cast->child) + " " + cast->type.SimpleString() + ")";
  }
  if (const auto* alias = std::get_if<AliasExpr>(&expr->node)) {
    return Shape(alias->child) + " AS " + Join(alias->names, ",");
  }
  if (const auto* lambda = std::get_if<LambdaExpr>(&expr->node)) {
    return "(" + Join(lambda->params, ",") + " -> " + Shape(lambda->body) + ")";
  }
  if (const auto* extract = std::get_if<ExtractExpr>(&expr->node)) {
    return Shape(extract->child) + "[" + Shape(extract->key) + "]";
  }
  if (const auto* parameter = std::get_if<ParameterExpr>(&expr->node)) {
    return parameter->position >= 0 ? "?" + std::to_string(parameter->position) : ":" + parameter->name;
  }
  if (std::holds_alternative<StarExpr>(expr->node)) return "*";
  if (std::holds_alternative<SubqueryExpr>(expr->node)) return "(query)";
  if (std::holds_alternative<WindowExpr>(expr->node)) return "(over " + Shape(std::get<WindowExpr>(expr->node).function) + ")";
  return "?";
}

std::string Parsed(std::string_view text) {
  Result<ExprPtr> expr = ParseExpression(text);
  return expr.ok() ? Shape(*expr) : FullMessage(expr.error());
}

TEST(ParserExprTest, Precedence) {
  EXPECT_EQ(Parsed("a + b * c"), "(+ a (* b c))");
  EXPECT_EQ(Parsed("a - b - c"), "(- (- a b) c)");
  EXPECT_EQ(Parsed("a * b DIV c % d"), "(% (div (* a b) c) d)");
  EXPECT_EQ(Parsed("a || b + c"), "(+ (|| a b) c)");
  EXPECT_EQ(Parsed("a | b ^ c & d << e + f"), "(| a (^ b (& c (<< d (+ e f)))))");
  EXPECT_EQ(Parsed("a = b + 1"), "(== a (+ b 1:int))");
  EXPECT_EQ(Parsed("NOT a = b AND c OR d"), "(or (and (not (== a b)) c) d)");
  EXPECT_EQ(Parsed("a BETWEEN b AND c AND d"), "(and (between a b c) d)");
  EXPECT_EQ(Parsed("a = b IS NULL"), "(isnull (== a b))");
  EXPECT_EQ(Parsed("-a::int"), "(negative (cast a int))");
  EXPECT_EQ(Parsed("-1::string"), "(cast -1:int string)");
  EXPECT_EQ(Parsed("2 - -1"), "(- 2:int -1:int)");
  EXPECT_EQ(Parsed("a <=> b <> c"), "(!= (<=> a b) c)");
  EXPECT_EQ(Parsed("a >> 1 >>> 2"), "(>>> (>> a 1:int) 2:int)");
  EXPECT_EQ(Parsed("a LIKE b || c"), "(like a (|| b c))");
}

TEST(ParserExprTest, Predicates) {
  EXPECT_EQ(Parsed("a NOT IN (1, 2)"), "(not (in a 1:int 2:int))");
  EXPECT_EQ(Parsed("a NOT BETWEEN 1 AND 2"), "(not (between a 1:int 2:int))");
  EXPECT_EQ(Parsed("a NOT LIKE b ESCAPE '!'"), "(not (like a b '!'))");
  EXPECT_EQ(Parsed("a LIKE ANY (b, c, d)"), "(or (or (like a b) (like a c)) (like a d))");
  EXPECT_EQ(Parsed("a NOT ILIKE ALL (b, c)"), "(and (not (ilike a b)) (not (ilike a c)))");
  EXPECT_EQ(Parsed("a IS NOT TRUE"), "(not (<=> a true))");
  EXPECT_EQ(Parsed("a IS NOT DISTINCT FROM b"), "(<=> a b)");
  EXPECT_EQ(Parsed("a IN (SELECT 1)"), "(query)");
}

TEST(ParserExprTest, AndOrTreesAreBalancedAsInSpark) {
  EXPECT_EQ(Parsed("a AND b AND c"), "(and (and a b) c)");
  EXPECT_EQ(Parsed("a AND b AND c AND d"), "(and (and a b) (and c d))");
}

TEST(ParserExprTest, NamesCallsAndLambdas) {
  EXPECT_EQ(Parsed("a.b.`c d`"), "a.b.c d");
  EXPECT_EQ(Parsed("f(a)[0].b"), "(f a)[0:int]['b']");
  EXPECT_EQ(Parsed("transform(a, x -> x + 1)"), "(transform a (x -> (+ x 1:int)))");
  EXPECT_EQ(Parsed("zip_with(a, b, (x, y) -> x)"), "(zip_with a b (x,y -> x))");
  EXPECT_EQ(Parsed("count(*)"), "(count 1:int)");
  EXPECT_EQ(Parsed("count(DISTINCT a, b)"), "(count DISTINCT a b)");
  EXPECT_EQ(Parsed("current_date"), "current_date");
  EXPECT_EQ(Parsed(":p + ? + ?"), "(+ (+ :p ?0) ?1)");
  EXPECT_EQ(Parsed("(1, a)"), "(named_struct 'col1' 1:int 'a' a)");
  EXPECT_EQ(Parsed("sum(a) OVER (ORDER BY b)"), "(over (sum a))");
  EXPECT_EQ(Parsed("a AS (b, c)"), "a AS b,c");
}

TEST(ParserExprTest, CallsWithTheirOwnGrammar) {
  EXPECT_EQ(Parsed("CASE WHEN a THEN 1 ELSE 2 END"), "(when a 1:int 2:int)");
  EXPECT_EQ(Parsed("CASE a WHEN 1 THEN b END"), "(when (== a 1:int) b)");
  EXPECT_EQ(Parsed("extract(YEAR FROM a)"), "(extract 'YEAR' a)");
  EXPECT_EQ(Parsed("trim(LEADING 'x' FROM a)"), "(ltrim 'x' a)");
  EXPECT_EQ(Parsed("trim(BOTH FROM a)"), "(trim a)");
  EXPECT_EQ(Parsed("substring(a FROM 2 FOR 3)"), "(substring a 2:int 3:int)");
  EXPECT_EQ(Parsed("position('x' IN a)"), "(locate 'x' a)");
  EXPECT_EQ(Parsed("overlay(a PLACING b FROM 1 FOR 2)"), "(overlay a b 1:int 2:int)");
  EXPECT_EQ(Parsed("timestampadd(day, 1, a)"), "(timestampadd 'DAY' 1:int a)");
  EXPECT_EQ(Parsed("datediff(day, a, b)"), "(timestampdiff 'DAY' a b)");
  EXPECT_EQ(Parsed("datediff(day, a)"), "(datediff day a)");
  EXPECT_EQ(Parsed("try_cast(a AS array<struct<b: decimal(5,2)>>)"), "(cast a array<struct<b:decimal(5,2)>>)");
}

TEST(ParserExprTest, LiteralsHaveSparksTypes) {
  EXPECT_EQ(Parsed("2147483648"), "2147483648:bigint");
  EXPECT_EQ(Parsed("-2147483648"), "-2147483648:int");
  EXPECT_EQ(Parsed("9223372036854775808"), "9223372036854775808:decimal(19,0)");
  EXPECT_EQ(Parsed("0.10"), "0.10:decimal(2,2)");
  EXPECT_EQ(Parsed("1e3"), "double");
  EXPECT_EQ(Parsed("1.5e-3BD"), "0.0015:decimal(4,4)");
  EXPECT_EQ(Parsed("DATE '2024-02-29'"), "19782:date");
  EXPECT_EQ(Parsed("TIMESTAMP '1970-01-01 02:00:00+02:00'"), "0:timestamp");
  EXPECT_EQ(Parsed("TIMESTAMP_NTZ '1970-01-01 00:00:01'"), "1000000:timestamp_ntz");
  EXPECT_EQ(Parsed("INTERVAL '1-2' YEAR TO MONTH"), "14:interval year to month");
  EXPECT_EQ(Parsed("INTERVAL 1 DAY 2 HOURS"), "93600000000:interval day to hour");
  EXPECT_EQ(Parsed("INTERVAL '-1 02:03:04.5' DAY TO SECOND"), "-93784500000:interval day to second");
  EXPECT_EQ(Parsed("INTERVAL '2 weeks'"), "1209600000000:interval day");
  EXPECT_EQ(Parsed("'a\\n' \"b\" r'\\n'"), "'a\nb\\n'");
}

TEST(ParserExprTest, TimestampsWithoutZoneAreInTheSessions) {
  ParserOptions options;
  options.time_zone = "America/New_York";
  auto micros = [&](std::string_view text) {
    Result<ExprPtr> expr = ParseExpression(text, options);
    return std::get<int64_t>(std::get<LiteralExpr>((*expr)->node).value.data) / 1'000'000;
  };
  EXPECT_EQ(micros("TIMESTAMP '1970-01-01 00:00:00'"), 5 * 3600);
  // The clock skips 02:30 on this day and shows 03:30; it shows 01:30 twice on the other.
  EXPECT_EQ(micros("TIMESTAMP '2024-03-10 02:30:00'"), micros("TIMESTAMP '2024-03-10 03:30:00'"));
  EXPECT_EQ(micros("TIMESTAMP '2024-11-03 01:30:00'"), micros("TIMESTAMP '2024-11-03 01:30:00-04:00'"));
}

TEST(ParserExprTest, SpansCoverTheTokensOfTheExpression) {
  Result<ExprPtr> expr = ParseExpression("( a + b ) * f(é, 'x') ");
  ASSERT_TRUE(expr.ok());
  EXPECT_EQ((*expr)->span, (SourceSpan{0, 22}));
  const auto& product = std::get<FunctionExpr>((*expr)->node);
  EXPECT_EQ(product.args[0]->span, (SourceSpan{2, 7}));
  EXPECT_EQ(product.args[1]->span, (SourceSpan{12, 22}));
}

std::string Repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(ParserExprTest, LongChainsAndDeepNestingAreFine) {
  EXPECT_TRUE(ParseExpression("a" + Repeat(" AND a", 100'000)).ok());
  EXPECT_TRUE(ParseExpression("1" + Repeat(" + 1", 900)).ok());
  EXPECT_TRUE(ParseExpression(Repeat("(", 200) + "1" + Repeat(")", 200)).ok());
  EXPECT_TRUE(ParseExpression(Repeat("f(", 200) + "1" + Repeat(")", 200)).ok());
}

TEST(ParserExprTest, WhatIsTooDeepIsAnErrorNotACrash) {
  for (std::string_view open : {"(", "f(", "NOT ", "-", "CASE WHEN ", "a[", "(SELECT ", "a IN (", "1 + (", "(SELECT * FROM (",
                                "x -> ", "CAST(", "EXISTS (SELECT 1 FROM ", "((1, "}) {
    Result<ExprPtr> expr = ParseExpression(Repeat(open, 100'000));
    ASSERT_FALSE(expr.ok()) << open;
  }
  EXPECT_EQ(ParseExpression("1" + Repeat(" + 1", 100'000)).error().condition, "FAILED_TO_PARSE_TOO_COMPLEX");
  EXPECT_EQ(ParseExpression("a" + Repeat("[1]", 100'000)).error().condition, "FAILED_TO_PARSE_TOO_COMPLEX");
  EXPECT_EQ(ParseStatement("SELECT 1" + Repeat(" UNION SELECT 1", 100'000)).error().condition, "FAILED_TO_PARSE_TOO_COMPLEX");
  EXPECT_EQ(ParseStatement("SELECT 1 FROM a" + Repeat(", a", 100'000)).error().condition, "FAILED_TO_PARSE_TOO_COMPLEX");
  EXPECT_EQ(ParseStatement("SELECT 1 FROM a" + Repeat(" JOIN a", 100'000)).error().condition, "FAILED_TO_PARSE_TOO_COMPLEX");
  EXPECT_EQ(ParseStatement(Repeat("EXPLAIN ", 100'000)).error().condition, "FAILED_TO_PARSE_TOO_COMPLEX");
  EXPECT_EQ(ParseTypeOrSchema(Repeat("array<", 100'000)).error().condition, "FAILED_TO_PARSE_TOO_COMPLEX");
}

}  // namespace
}  // namespace ashlar::sql
