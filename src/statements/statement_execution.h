// The SQL Statement Execution API (/api/2.0/sql/statements).
#pragma once

#include "api/statement_execution.h"
#include "compute/compute.h"
#include "statements/statement_registry.h"

namespace ashlar::statements {

// Thread safe. References outlive it.
class StatementExecution final : public api::statement_execution::StatementExecutionService {
 public:
  StatementExecution(compute::Compute& compute, StatementRegistry& registry, const Clock& clock, Random& random)
      : compute_(compute), registry_(registry), clock_(clock), random_(random) {}

  http::Deferred<api::statement_execution::StatementResponse> ExecuteStatement(
      const http::RequestContext& context,
      const api::statement_execution::ExecuteStatementRequest& request) override;
  Result<api::statement_execution::StatementResponse> GetStatement(
      const http::RequestContext& context, const api::statement_execution::GetStatementRequest& request) override;
  Result<api::statement_execution::ResultData> GetStatementResultChunk(
      const http::RequestContext& context,
      const api::statement_execution::GetStatementResultChunkRequest& request) override;
  Result<void> CancelStatement(const http::RequestContext& context,
                               const api::statement_execution::CancelStatementRequest& request) override;
  Result<http::Response> GetExternalLink(const http::RequestContext& context,
                                         const api::statement_execution::GetExternalLinkRequest& request,
                                         const http::Request& raw) override;

 private:
  compute::Compute& compute_;
  StatementRegistry& registry_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace ashlar::statements
