// TokensService: /api/2.0/token and /api/2.0/token-management over the TokenIssuer.
#pragma once

#include "api/tokens.h"
#include "identity/token_issuer.h"

namespace ashlar::identity {

class TokensService final : public api::tokens::TokensService {
 public:
  TokensService(metadb::Database& database, TokenIssuer& issuer)
      : database_(database), issuer_(issuer) {}

  Result<api::tokens::CreateTokenResponse> CreateToken(
      const http::RequestContext& context, const api::tokens::CreateTokenRequest& request) override;
  Result<api::tokens::ListPublicTokensResponse> ListTokens(
      const http::RequestContext& context, const api::tokens::ListTokensRequest& request) override;
  Status DeleteToken(const http::RequestContext& context,
                     const api::tokens::DeleteTokenRequest& request) override;
  Result<api::tokens::ListTokensResponse> ListAllTokens(
      const http::RequestContext& context, const api::tokens::ListAllTokensRequest& request) override;
  Result<api::tokens::GetTokenResponse> GetTokenInfo(
      const http::RequestContext& context, const api::tokens::GetTokenInfoRequest& request) override;
  Status DeleteAnyToken(const http::RequestContext& context,
                        const api::tokens::DeleteAnyTokenRequest& request) override;
  Result<api::tokens::CreateOboTokenResponse> CreateTokenOnBehalfOf(
      const http::RequestContext& context,
      const api::tokens::CreateTokenOnBehalfOfRequest& request) override;

 private:
  Result<api::tokens::TokenInfo> Describe(const TokenRow& row);

  metadb::Database& database_;
  TokenIssuer& issuer_;
};

}  // namespace ashlar::identity
