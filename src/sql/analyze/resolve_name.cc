// Names in expressions: columns, their fields, lambda parameters, aliases; stars.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/errors.h"

namespace ashlar::sql {
namespace {

// "$3" of a function's rewrite.
std::optional<size_t> RewriteIndex(const NameParts& name) {
  if (name.size() != 1 || name[0].size() < 2 || name[0][0] != '$') return std::nullopt;
  auto index = ParseInt64(std::string_view(name[0]).substr(1));
  if (!index || *index < 0) return std::nullopt;
  return static_cast<size_t>(*index);
}

}  // namespace

Attribute Analysis::NewAttribute(std::string name, DataType type, bool nullable, std::string metadata) {
  return {next_id_++, std::move(name), std::move(type), nullable, std::move(metadata)};
}

Scope Analysis::MakeScope(const Rel& rel) const { return {rel.columns, rel.hidden, outer_}; }

Resolved Analysis::UseColumn(const ScopeColumn& column, const std::string& name, SourceSpan span) {
  if (auto it = sources_.find(column.attribute.id); it != sources_.end()) {
    for (const auto& [relation, source] : it->second) used_[relation].insert(source);
  }
  Resolved resolved{MakeColumn(column.attribute, span), name, name};
  resolved.metadata = column.attribute.metadata;
  return resolved;
}

// Every subquery between the reference and the query it points at is correlated by it.
void Analysis::NoteOuterReference(const Scope* found_in, const Attribute& attribute) {
  for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
    const Scope* outer = (*frame)->outer;
    while (outer && outer != found_in) outer = outer->outer;
    if (!outer) return;
    bool known = std::ranges::any_of((*frame)->references,
                                     [&](const Attribute& a) { return a.id == attribute.id; });
    if (!known) (*frame)->references.push_back(attribute);
  }
}

std::optional<Resolved> Analysis::FindLambdaParameter(const NameParts& name, const ExprEnv& env,
                                                      SourceSpan span) {
  for (const LambdaScope* scope = env.lambdas; scope != nullptr; scope = scope->outer) {
    for (const Attribute& param : scope->params) {
      if (SameName(param.name, name[0], context_.case_sensitive)) {
        return Resolved{MakeColumn(param, span), "namedlambdavariable()", ""};
      }
    }
  }
  return std::nullopt;
}

// The columns of the subtree that the client's plan id names, as far as they are visible here.
Result<std::optional<Resolved>> Analysis::FindByPlanId(const AttributeExpr& node, const ExprEnv& env,
                                                       SourceSpan span) {
  auto outputs = plan_outputs_.find(*node.plan_id);
  if (outputs == plan_outputs_.end()) return std::optional<Resolved>();
  std::vector<const Scope*> scopes;
  for (const Scope* s = env.scope; s != nullptr; s = s->outer) scopes.push_back(s);
  if (env.fallback) scopes.push_back(env.fallback);
  std::vector<std::pair<ScopeColumn, size_t>> found;
  const Scope* found_in = nullptr;
  for (const std::vector<ScopeColumn>& columns : outputs->second) {
    Scope subtree{columns, {}, nullptr};
    ASSIGN_OR_RETURN(auto match, FindColumn(subtree, node.name, context_.case_sensitive, span));
    if (!match) continue;
    for (const Scope* scope : scopes) {
      if (!scope->Contains(match->column->attribute.id)) continue;
      AttributeId id = match->column->attribute.id;
      bool known = std::ranges::any_of(found, [&](const auto& f) { return f.first.attribute.id == id; });
      if (!known) found.emplace_back(*match->column, match->parts);
      found_in = scope;
      break;
    }
  }
  if (found.empty()) return std::optional<Resolved>();
  if (found.size() > 1) {
    return MakeSqlError("AMBIGUOUS_COLUMN_REFERENCE", "42702",
                        "Column " + QuoteName(node.name) +
                            " is ambiguous. It's because you joined several DataFrame together, and some of these "
                            "DataFrames are the same.",
                        {{"name", QuoteName(node.name)}}, span);
  }
  auto& [column, parts] = found[0];
  if (found_in != env.scope && found_in != env.fallback) NoteOuterReference(found_in, column.attribute);
  Resolved resolved = UseColumn(column, node.name[parts - 1], span);
  if (parts == node.name.size()) return std::optional(std::move(resolved));
  ASSIGN_OR_RETURN(resolved, GetFields(std::move(resolved), node.name, parts, span));
  return std::optional(std::move(resolved));
}

Result<std::optional<Resolved>> Analysis::FindAlias(const NameParts& name, const ExprEnv& env,
                                                    SourceSpan span) {
  if (!env.aliases || env.alias_use == AliasUse::kNone) return std::optional<Resolved>();
  const SelectItem* found = nullptr;
  size_t count = 0;
  for (const SelectItem& item : *env.aliases) {
    if (!SameName(item.attribute.name, name[0], context_.case_sensitive)) continue;
    if (++count == 1) found = &item;
  }
  if (!found) return std::optional<Resolved>();
  if (count > 1 && env.alias_use == AliasUse::kColumn) {
    return MakeSqlError("AMBIGUOUS_LATERAL_COLUMN_ALIAS", "42702",
                        "Lateral column alias " + QuoteName(name) + " is ambiguous and has " +
                            std::to_string(count) + " matches.",
                        {{"name", QuoteName(name)}, {"n", std::to_string(count)}}, span);
  }
  Resolved resolved{found->expr, found->text, name[0]};
  if (env.alias_use == AliasUse::kColumn) {
    resolved = {MakeColumn(found->attribute, span), name[0], name[0]};
  }
  if (name.size() == 1) return std::optional(std::move(resolved));
  ASSIGN_OR_RETURN(resolved, GetFields(std::move(resolved), name, 1, span));
  return std::optional(std::move(resolved));
}

Result<std::optional<Resolved>> Analysis::FindInScopes(const AttributeExpr& node, const ExprEnv& env,
                                                       SourceSpan span) {
  auto look = [&](const Scope* scope) -> Result<std::optional<Resolved>> {
    if (!scope) return std::optional<Resolved>();
    ASSIGN_OR_RETURN(auto match, FindColumn(*scope, node.name, context_.case_sensitive, span));
    if (!match) return std::optional<Resolved>();
    Resolved resolved = UseColumn(*match->column, node.name[match->parts - 1], span);
    if (match->parts == node.name.size()) return std::optional(std::move(resolved));
    ASSIGN_OR_RETURN(resolved, GetFields(std::move(resolved), node.name, match->parts, span));
    return std::optional(std::move(resolved));
  };
  const Scope* first = env.scope;
  const Scope* second = env.fallback;
  if (env.in_aggregate && second) std::swap(first, second);
  ASSIGN_OR_RETURN(auto found, look(first));
  if (found) return found;
  ASSIGN_OR_RETURN(found, look(second));
  if (found) return found;
  ASSIGN_OR_RETURN(found, FindAlias(node.name, env, span));
  if (found) return found;
  if (node.name.size() == 1) {
    if (auto constant = SessionConstant(ToLowerAscii(node.name[0]), span)) return std::optional(*constant);
  }
  for (const Scope* outer = env.scope ? env.scope->outer : nullptr; outer != nullptr; outer = outer->outer) {
    ASSIGN_OR_RETURN(auto match, FindColumn(*outer, node.name, context_.case_sensitive, span));
    if (!match) continue;
    NoteOuterReference(outer, match->column->attribute);
    return look(outer);
  }
  return std::optional<Resolved>();
}

Result<Resolved> Analysis::ResolveAttribute(const AttributeExpr& node, const ExprEnv& env, SourceSpan span) {
  CHECK(!node.name.empty()) << "column without a name";
  if (env.rewrite_args) {
    if (auto index = RewriteIndex(node.name); index && *index < env.rewrite_args->size()) {
      return (*env.rewrite_args)[*index];
    }
  }
  if (auto param = FindLambdaParameter(node.name, env, span)) {
    if (node.name.size() == 1) return *std::move(param);
    return GetFields(*std::move(param), node.name, 1, span);
  }
  if (node.plan_id) {
    ASSIGN_OR_RETURN(auto found, FindByPlanId(node, env, span));
    if (found) return *std::move(found);
  }
  ASSIGN_OR_RETURN(auto found, FindInScopes(node, env, span));
  if (found && IsRefused(*found->expr)) return RefusedColumn();
  if (found) return *std::move(found);
  static const Scope kNone;
  return UnresolvedColumn(node.name, env.scope ? *env.scope : kNone, span);
}

Result<std::vector<const ScopeColumn*>> Analysis::ExpandStar(const StarExpr& star, const Scope& scope,
                                                             SourceSpan span) {
  std::vector<const ScopeColumn*> columns;
  auto add = [&](const std::vector<ScopeColumn>& from) {
    for (const ScopeColumn& column : from) {
      if (column.unlisted) continue;
      if (!star.qualifier.empty() &&
          !QualifierMatches(column, star.qualifier, star.qualifier.size(), context_.case_sensitive)) {
        continue;
      }
      columns.push_back(&column);
    }
  };
  add(scope.columns);
  if (!star.qualifier.empty()) add(scope.hidden);
  for (const NameParts& name : star.except) {
    Scope candidates{{}, {}, nullptr};
    for (const ScopeColumn* column : columns) candidates.columns.push_back(*column);
    ASSIGN_OR_RETURN(auto match, FindColumn(candidates, name, context_.case_sensitive, span));
    if (!match) return UnresolvedColumn(name, candidates, span);
    if (match->parts < name.size()) return NotImplemented("* EXCEPT of a struct field");
    AttributeId id = match->column->attribute.id;
    std::erase_if(columns, [id](const ScopeColumn* column) { return column->attribute.id == id; });
  }
  return columns;
}

// s.* of a struct column s: its fields.
Result<std::optional<std::vector<ExprPtr>>> Analysis::ExpandStructStar(const StarExpr& star,
                                                                       const Scope& scope, SourceSpan span) {
  using Fields = std::optional<std::vector<ExprPtr>>;
  if (star.qualifier.empty()) return Fields();
  ExprEnv env;
  env.scope = &scope;
  ASSIGN_OR_RETURN(auto found, FindInScopes(AttributeExpr{star.qualifier, std::nullopt}, env, span));
  if (!found) return Fields();
  if (!found->expr->type.Is(TypeId::kStruct)) return Fields();
  std::vector<ExprPtr> fields;
  for (const Field& field : found->expr->type.fields()) {
    bool excluded = std::ranges::any_of(star.except, [&](const NameParts& name) {
      return SameName(name.back(), field.name, context_.case_sensitive);
    });
    if (excluded) continue;
    NameParts name = star.qualifier;
    name.push_back(field.name);
    fields.push_back(MakeExpr(AttributeExpr{name, std::nullopt}, span));
  }
  return Fields(std::move(fields));
}

}  // namespace ashlar::sql
