// Parser: recursive descent over the tokens of one text, one method a grammar rule, named as Spark's
// SQL reference names things. Expressions climb precedences; long chains of one operator are loops.
// Never goes back over tokens it has read. One object reads one text once.
//
// Spans: an expression's covers its tokens, parentheses of its operands included, its own excluded.
// Nesting (of the text) and height (of the tree built) are bounded, so that neither the parser nor a
// walk over its result can run out of stack: FAILED_TO_PARSE_TOO_COMPLEX.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/parse/lexer.h"
#include "sql/parser.h"

namespace ashlar::sql {

// A column's metadata with this comment.
std::string CommentMetadata(const std::string& comment);

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens, const ParserOptions& options);

  // Each reads the whole text.
  Result<Statement> WholeStatement();
  Result<ExprPtr> WholeExpression();
  Result<NameParts> WholeName();
  Result<DataType> WholeTypeOrSchema();

 private:
  // One level of nesting while it lives.
  class Nesting {
   public:
    explicit Nesting(Parser& parser) : parser_(parser) { ++parser_.depth_; }
    ~Nesting() { --parser_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    bool TooDeep() const { return parser_.depth_ > kMaxDepth || parser_.StackUsed() > kMaxStack; }

   private:
    Parser& parser_;
  };
  // A SELECT's or set operation's clauses before they become relations.
  struct SelectParts;
  // OVER w waits here for the WINDOW clause, which comes later in the text.
  struct PendingWindow {
    std::shared_ptr<Expr> expr;
    std::string name;
    SourceSpan span;
  };
  using NamedWindows = std::vector<std::pair<std::string, WindowSpec>>;

  // ---- cursor (parser.cc) ----
  const Token& Peek(size_t ahead = 0) const;
  bool At(std::string_view symbol) const { return Peek().IsSymbol(symbol); }
  bool AtWord(std::string_view word) const { return Peek().IsWord(word); }
  bool AtWords(std::initializer_list<std::string_view> words) const;
  bool AtAnyWord(std::initializer_list<std::string_view> words) const;
  bool AtQueryInParens() const { return At("(") && Peek().opens_query; }
  bool AtQuery() const;
  bool AtTerminator(size_t ahead) const;
  bool AtClause(bool (*ends)(std::string_view word), size_t ahead = 0) const;
  const Token& Advance();
  bool Accept(std::string_view symbol);
  bool AcceptWord(std::string_view word);
  bool AcceptWords(std::initializer_list<std::string_view> words);
  // AND, LIKE, … with something after it: at the end of a clause the word is a name.
  bool AtOperatorWord(std::string_view word) const { return AtWord(word) && !AtTerminator(1); }
  bool AcceptClause(std::string_view word);
  bool AcceptClauseBy(std::string_view word);
  Status Expect(std::string_view symbol);
  Status ExpectClosing(std::string_view symbol);
  Status ExpectListEnd(size_t items);
  Status ExpectWord(std::string_view word);
  Status ExpectWords(std::initializer_list<std::string_view> words);
  Status ExpectEnd();
  SourceSpan SpanFrom(size_t first_token) const;
  std::string TextFrom(size_t first_token) const;
  Error SyntaxError(const std::string& hint = "") const;
  Error SyntaxErrorAt(size_t token_index, const std::string& hint = "") const;
  Error ExtraInput() const;
  Error Missing(std::string_view token) const;
  Error TooComplex() const;
  Status Grow(int& height) const;

  // ---- names, strings, lists (parser.cc) ----
  Result<std::string> Identifier();
  Result<NameParts> MultipartName();
  Result<std::vector<std::string>> IdentifierList();
  Result<std::string> String();
  Result<std::string> PropertyValue();
  Result<std::map<std::string, std::string>> PropertyList();
  // Refuses table properties that a clause or the session says.
  Status CheckSettable(const std::map<std::string, std::string>& properties) const;
  Result<std::vector<std::string>> PropertyKeys();
  Result<std::optional<std::string>> OptionalComment();
  Result<bool> IfExists();
  Result<bool> IfNotExists();

  // ---- types (parser_type.cc) ----
  Result<DataType> Type();
  Result<DataType> TypeNamed(const std::string& word, size_t begin);
  Result<DataType> DecimalType();
  Result<DataType> CharType(bool varying);
  Result<DataType> IntervalType();
  Result<DataType> StructType();
  Result<Field> ColumnType();
  Result<int> TypeParameter();

  // ---- expressions (parser_expr.cc) ----
  Result<ExprPtr> Expression();
  Result<ExprPtr> OrExpression();
  Result<ExprPtr> AndExpression();
  Result<ExprPtr> NotExpression();
  Result<ExprPtr> PredicateExpression();
  Result<ExprPtr> PredicateTail(ExprPtr left, size_t begin);
  Result<ExprPtr> InTail(ExprPtr left, size_t begin);
  Result<ExprPtr> LikeTail(ExprPtr left, size_t begin, bool negated);
  Result<ExprPtr> IsTail(ExprPtr left, size_t begin);
  Result<ExprPtr> ValueExpression(int min_precedence = 0);
  Result<ExprPtr> UnaryExpression();
  Result<ExprPtr> PostfixExpression();
  Result<ExprPtr> PostfixTail(ExprPtr expr, size_t begin);
  Result<ExprPtr> PathTail(ExprPtr expr, size_t begin);
  Result<std::vector<ExprPtr>> ExpressionList();
  Result<ExprPtr> NamedExpression();
  Result<ExprPtr> OptionalExpressionAlias(ExprPtr expr, size_t begin);
  Result<std::vector<ExprPtr>> NamedExpressionList();
  Result<SortOrder> SortItem();
  Result<std::vector<SortOrder>> SortItems();
  Result<ExprPtr> QueryExpression(SubqueryKind kind, std::vector<ExprPtr> in_values);
  ExprPtr Balanced(const char* name, std::vector<ExprPtr> terms, SourceSpan span);
  struct BinaryOperator;
  BinaryOperator AtBinaryOperator() const;

  // ---- primaries (parser_primary.cc) ----
  Result<ExprPtr> Primary();
  Result<ExprPtr> SymbolPrimary();
  Result<ExprPtr> WordPrimary();
  Result<ExprPtr> KeywordPrimary(bool& matched);
  Result<ExprPtr> NamePrimary();
  Result<ExprPtr> ParenthesisPrimary();
  Result<ExprPtr> LambdaFrom(std::vector<std::string> params, size_t begin);
  bool AtLambdaParameters() const;
  Result<ExprPtr> Star(NameParts qualifier, size_t begin);
  Result<ExprPtr> CaseExpression();
  Result<ExprPtr> NumberPrimary(bool negative, size_t begin);
  Result<ExprPtr> StringPrimary();
  Result<ExprPtr> TypedLiteral();
  Result<ExprPtr> IntervalPrimary();
  bool AtInterval() const;
  Error CaseError(size_t begin) const;
  ExprPtr RowConstructor(std::vector<ExprPtr> fields, SourceSpan span);
  Result<ExprPtr> Located(Result<Value> value, SourceSpan span) const;

  // ---- calls (parser_call.cc) ----
  Result<ExprPtr> FunctionCall(NameParts name, size_t begin);
  // Each returns null when it is an ordinary call after all; what it has read is then in `call`.
  Result<ExprPtr> SpecialCall(FunctionExpr& call, size_t begin);
  Result<ExprPtr> CastCall(CastMode mode, size_t begin);
  Result<ExprPtr> ExtractCall(FunctionExpr& call, size_t begin);
  Result<ExprPtr> TrimCall(FunctionExpr& call, size_t begin);
  Result<ExprPtr> SubstringCall(FunctionExpr& call, size_t begin);
  Result<ExprPtr> PositionCall(FunctionExpr& call, size_t begin);
  Result<ExprPtr> OverlayCall(FunctionExpr& call, size_t begin);
  Result<ExprPtr> DatetimeUnitCall(const char* name, FunctionExpr& call, size_t begin);
  Result<ExprPtr> StructCall(size_t begin);
  Result<ExprPtr> IdentifierCall(size_t begin);
  Status Arguments(FunctionExpr& call);
  Result<ExprPtr> CallTail(FunctionExpr call, size_t begin);
  Result<FunctionExpr> TableFunctionCall(NameParts name);
  Result<ExprPtr> OverClause(ExprPtr function, size_t begin);
  Result<WindowSpec> WindowSpecification();
  Result<std::optional<WindowFrame>> OptionalFrame();
  Result<FrameBound> Bound();
  static bool IsFoldable(const Expr& expr);

  // ---- queries (parser_query.cc) ----
  Result<RelationPtr> Query();
  Result<RelationPtr> QueryWithCtes(std::vector<CteDefinition>& ctes, bool& recursive, size_t begin);
  Status CteList(std::vector<CteDefinition>& ctes, bool& recursive);
  Result<RelationPtr> QueryTerm();
  Result<RelationPtr> IntersectTerm();
  Result<RelationPtr> QueryPrimary();
  Result<RelationPtr> QueryOrganization(RelationPtr input, size_t first_pending);
  Result<RelationPtr> SortClauses(RelationPtr input, size_t begin);
  Result<RelationPtr> QuerySpecification(RelationPtr from, size_t begin);
  Status SelectClauses(SelectParts& parts);
  Result<RelationPtr> BuildSelect(SelectParts parts, SourceSpan span);
  Status GroupByClause(SelectParts& parts);
  Status GroupingSetList(std::vector<std::vector<ExprPtr>>& sets);
  Result<std::vector<ExprPtr>> GroupingSet();
  Status GroupingItem(std::vector<std::vector<std::vector<ExprPtr>>>& factors, bool& plain);
  Status WindowClause(NamedWindows& windows);
  Status DefineWindows(const NamedWindows& windows, size_t first_pending);
  Status NoPendingWindow(size_t first_pending) const;
  Result<RelationPtr> InlineTable();
  Result<RelationPtr> Values();
  bool SameText(const Expr& a, const Expr& b) const;

  // ---- pipe operators (parser_pipe.cc) ----
  Result<RelationPtr> PipeOperators(RelationPtr query, size_t begin);
  Result<RelationPtr> PipeOperator(RelationPtr input, size_t begin);
  Result<RelationPtr> PipeSetOperation(RelationPtr input, size_t begin);
  Result<RelationPtr> PipeSet(RelationPtr input, size_t begin);
  Result<RelationPtr> PipeAggregate(RelationPtr input, size_t begin);

  // ---- FROM (parser_from.cc) ----
  Result<RelationPtr> FromClause();
  Result<RelationPtr> JoinedRelation(bool& lateral);
  Result<RelationPtr> JoinTail(RelationPtr left, bool& matched);
  Result<RelationPtr> RelationPrimary();
  Result<RelationPtr> ParenthesizedRelation();
  Result<RelationPtr> NamedRelation();
  Result<RelationPtr> TableOrIdentifierFunction();
  Result<TableRelation> TableReference();
  Status TemporalClause(TableRelation& table);
  Result<RelationPtr> OptionalSample(RelationPtr input);
  Result<RelationPtr> SampleBody(RelationPtr input, size_t begin);
  Result<RelationPtr> OptionalAlias(RelationPtr input, size_t begin);
  bool AtTableAlias() const;
  Result<RelationPtr> LateralView(RelationPtr input);
  Result<RelationPtr> Pivot(RelationPtr input);
  Result<RelationPtr> Unpivot(RelationPtr input);
  Status UnpivotColumn(UnpivotRelation& unpivot, bool wide);

  // ---- statements (parser_statement.cc) ----
  Result<Statement> AnyStatement();
  Result<Statement> WithStatement();
  Result<Statement> Explain();
  Result<Statement> Use();
  Result<Statement> Set();
  Result<Statement> SetTimeZone();
  Result<Statement> Reset();
  Result<Statement> Truncate();
  Result<Statement> Unsupported();
  Result<Statement> Grant(CatalogAction action);
  Result<std::vector<std::string>> Privileges();
  Status SecurableName(CatalogCommand& command);
  Result<std::string> Principal();
  Result<Statement> CommentOn();

  // ---- show and describe (parser_show.cc) ----
  Result<Statement> Show();
  Result<Statement> ShowObjects(Securable securable, std::string what);
  Result<Statement> ShowColumns();
  Result<Statement> ShowGrants();
  Result<Statement> Describe();
  Result<Statement> DescribeObject(Securable securable);
  Result<Statement> DescribeTable();

  // ---- DDL (parser_ddl.cc, parser_alter.cc) ----
  Result<Statement> Create();
  Result<Statement> CreateObject(Securable securable, bool or_replace);
  Result<Statement> CreateTable(bool or_replace, bool replace_only);
  Status CreateTableClauses(CreateTableStatement& table);
  Status CreateTableClause(CreateTableStatement& table, bool& matched);
  Status TableElements(CreateTableStatement& table);
  Status TableConstraint(CreateTableStatement& table);
  // Spark's grammar of ALTER TABLE ADD COLUMN has no GENERATED.
  enum class Generated { kAllowed, kSyntaxError };
  Result<ColumnDefinition> ColumnDefinitionItem(Generated generated = Generated::kAllowed);
  Status ColumnOption(ColumnDefinition& column, bool& matched);
  Result<IdentityRule> Identity();
  Status Placement(ColumnPlacement& place);
  Status PartitionedBy(CreateTableStatement& table);
  Result<std::vector<NameParts>> ClusterBy();
  Result<Statement> CreateView(bool or_replace);
  Result<std::vector<Field>> ViewColumns();
  Result<Statement> Drop();
  Result<Statement> Alter();
  Result<Statement> AlterTable(bool view);
  Result<Statement> AlterTableAction(AlterTableStatement alter, bool view);
  Result<Statement> AlterTableSet(AlterTableStatement alter, bool view);
  Result<Statement> AlterTableAdd(AlterTableStatement alter);
  Result<Statement> AlterTableReplace(AlterTableStatement alter);
  Result<Statement> AlterTableDrop(AlterTableStatement alter);
  Result<Statement> AlterColumn(AlterTableStatement alter);
  Result<Statement> AlterObject(Securable securable);
  Result<NameParts> CatalogName(Securable securable);
  Result<NameParts> PlainName(const TableRelation& table) const;
  bool AcceptSecurable(Securable& securable);

  // ---- DML (parser_dml.cc) ----
  Result<Statement> Insert(std::vector<CteDefinition> ctes, bool recursive);
  Status InsertTarget(InsertStatement& insert);
  Status PartitionSpec(InsertStatement& insert);
  Result<Statement> Update();
  Result<Statement> Delete();
  Result<Statement> Merge();
  Result<MergeClause> MergeWhen();
  Status MergeAction(MergeClause& clause);
  Result<std::vector<Assignment>> Assignments();
  Result<std::string> TargetAlias();
  Result<Statement> CopyInto();
  Status CopySource(CopyIntoStatement& copy);
  Status CopyClause(CopyIntoStatement& copy, bool& matched);

  // ---- table maintenance (parser_maintenance.cc) ----
  Result<Statement> Optimize();
  Result<Statement> Reorg();
  Result<Statement> Vacuum();
  Result<Statement> Restore();
  Result<Statement> Generate();
  Result<Statement> Convert();
  Result<Statement> CloneTable(const CreateTableStatement& table);
  Result<TableRelation> MaintainedTable();

  // Bytes of stack between the constructor and here.
  size_t StackUsed() const;

  static constexpr int kMaxDepth = 1000;
  static constexpr int kMaxHeight = 1000;
  // A rule's frames grow with the build (sanitizers, no optimisation): half of a thread's 8 MiB.
  static constexpr size_t kMaxStack = size_t{4} << 20;

  std::string_view text_;
  std::vector<Token> tokens_;
  ParserOptions options_;
  size_t at_ = 0;
  const char* stack_base_;
  int depth_ = 0;
  // The height of the tallest tree built since the rule now running began.
  int height_ = 0;
  int parameters_ = 0;
  SourceSpan table_span_;  // of the name that TableReference read last
  std::vector<PendingWindow> pending_windows_;
  // The row constructor built last: VALUES takes it apart.
  ExprPtr last_row_;
};

}  // namespace ashlar::sql
