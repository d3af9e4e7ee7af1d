#include "identity/tokens_service.h"

#include "base/text.h"
#include "identity/directory.h"

namespace ashlar::identity {
namespace {

using api::tokens::PublicTokenInfo;
using api::tokens::TokenInfo;

PublicTokenInfo ToPublic(const TokenRow& row) {
  PublicTokenInfo info;
  info.token_id = row.token_id;
  info.creation_time = row.created_ms;
  info.expiry_time = row.expiry_ms;
  info.comment = row.comment;
  return info;
}

Status RefuseScopes(const api::Field<std::vector<std::string>>& scopes) {
  if (!scopes.has() || scopes->empty()) return OkStatus();
  return NotImplemented("tokens with scopes");
}

}  // namespace

Result<TokenInfo> TokensService::Describe(const TokenRow& row) {
  TokenInfo info;
  info.token_id = row.token_id;
  info.creation_time = row.created_ms;
  info.expiry_time = row.expiry_ms;
  info.comment = row.comment;
  info.created_by_id = row.created_by_id;
  info.owner_id = row.owner_id;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(info.created_by_username, Directory::NameOf(txn, row.created_by_id));
    return OkStatus();
  }));
  return info;
}

Result<api::tokens::CreateTokenResponse> TokensService::CreateToken(
    const http::RequestContext& context, const api::tokens::CreateTokenRequest& request) {
  RETURN_IF_ERROR(RefuseScopes(request.scopes));
  ASSIGN_OR_RETURN(NewToken made,
                   issuer_.Issue({.owner_id = context.principal.id,
                                  .created_by_id = context.principal.id,
                                  .comment = request.comment.value_or(""),
                                  .lifetime_seconds = request.lifetime_seconds.value_or(-1)}));
  api::tokens::CreateTokenResponse answer;
  answer.token_value = std::move(made.value);
  answer.token_info = ToPublic(made.row);
  return answer;
}

Result<api::tokens::ListPublicTokensResponse> TokensService::ListTokens(
    const http::RequestContext& context, const api::tokens::ListTokensRequest&) {
  ASSIGN_OR_RETURN(auto rows, issuer_.List(context.principal.id));
  api::tokens::ListPublicTokensResponse answer;
  for (const TokenRow& row : rows) answer.token_infos.Ensure().push_back(ToPublic(row));
  return answer;
}

Status TokensService::DeleteToken(const http::RequestContext& context,
                                  const api::tokens::DeleteTokenRequest& request) {
  return issuer_.Revoke(*request.token_id, context.principal.id);
}

Result<api::tokens::ListTokensResponse> TokensService::ListAllTokens(
    const http::RequestContext&, const api::tokens::ListAllTokensRequest& request) {
  ASSIGN_OR_RETURN(auto rows, issuer_.List(std::nullopt));
  api::tokens::ListTokensResponse answer;
  for (const TokenRow& row : rows) {
    if (request.created_by_id.has() && row.created_by_id != *request.created_by_id) continue;
    ASSIGN_OR_RETURN(TokenInfo info, Describe(row));
    bool wanted = !request.created_by_username.has() ||
                  EqualsIgnoreCase(*info.created_by_username, *request.created_by_username);
    if (wanted) answer.token_infos.Ensure().push_back(std::move(info));
  }
  return answer;
}

Result<api::tokens::GetTokenResponse> TokensService::GetTokenInfo(
    const http::RequestContext&, const api::tokens::GetTokenInfoRequest& request) {
  ASSIGN_OR_RETURN(TokenRow row, issuer_.Get(*request.token_id));
  api::tokens::GetTokenResponse answer;
  ASSIGN_OR_RETURN(answer.token_info, Describe(row));
  return answer;
}

Status TokensService::DeleteAnyToken(const http::RequestContext&,
                                     const api::tokens::DeleteAnyTokenRequest& request) {
  return issuer_.Revoke(*request.token_id, std::nullopt);
}

Result<api::tokens::CreateOboTokenResponse> TokensService::CreateTokenOnBehalfOf(
    const http::RequestContext& context,
    const api::tokens::CreateTokenOnBehalfOfRequest& request) {
  RETURN_IF_ERROR(RefuseScopes(request.scopes));
  std::optional<PrincipalRow> owner;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(owner, PrincipalsTable::FindByName(txn, PrincipalKind::kServicePrincipal,
                                                        *request.application_id));
    return OkStatus();
  }));
  if (!owner) {
    return MakeError(ErrorCode::kResourceDoesNotExist,
                     "Service principal " + *request.application_id + " does not exist");
  }
  ASSIGN_OR_RETURN(NewToken made,
                   issuer_.Issue({.owner_id = owner->id,
                                  .created_by_id = context.principal.id,
                                  .comment = request.comment.value_or(""),
                                  .lifetime_seconds = request.lifetime_seconds.value_or(-1)}));
  api::tokens::CreateOboTokenResponse answer;
  answer.token_value = std::move(made.value);
  ASSIGN_OR_RETURN(answer.token_info, Describe(made.row));
  return answer;
}

}  // namespace ashlar::identity
