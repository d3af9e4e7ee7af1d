#include "compute/resource_page.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace ashlar::compute {
namespace {

using Place = std::tuple<int64_t, std::string>;  // in the list's order

Place PlaceOf(const ResourceRow& row) { return {row.created_ms, row.id}; }

std::string TokenOf(const ResourceRow& row) { return Base64Encode(std::to_string(row.created_ms) + " " + row.id); }

Result<Place> Parse(const std::string& token) {
  std::string text = Base64Decode(token).value_or("");
  size_t space = text.find(' ');
  std::optional<int64_t> created_ms = ParseInt64(std::string_view(text).substr(0, space));
  if (space == std::string::npos || !created_ms) {
    return MakeError(ErrorCode::kInvalidParameterValue, "page_token is not one of ours.");
  }
  return Place{*created_ms, text.substr(space + 1)};
}

}  // namespace

Result<ResourcePage> PageOf(std::vector<ResourceRow> rows, const api::Field<int64_t>& size,
                            const api::Field<std::string>& token) {
  if (size.value_or(0) < 0) return MakeError(ErrorCode::kInvalidParameterValue, "page_size is negative.");
  if (token.has() && !token->empty()) {
    ASSIGN_OR_RETURN(Place after, Parse(*token));
    std::erase_if(rows, [&](const ResourceRow& row) { return PlaceOf(row) <= after; });
  }
  ResourcePage page{std::move(rows), ""};
  auto limit = static_cast<size_t>(size.value_or(0));
  if (limit > 0 && page.rows.size() > limit) {
    page.rows.resize(limit);
    page.next_token = TokenOf(page.rows.back());
  }
  return page;
}

}  // namespace ashlar::compute
