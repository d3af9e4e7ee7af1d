// Runs one ExecutePlan request: decodes the plan, carries it out in the session, puts what it answers
// into the Execution.
#pragma once

#include <string>

#include "connect/connect_session.h"
#include "connect/execution.h"

namespace ashlar::connect {

// The SQL text of the plan that error spans point into; empty when there is none, or more than one.
std::string SqlTextOf(const sc::Plan& plan);

// Without Finish(), which is the caller's.
Status RunPlan(ConnectSession& session, Execution& execution, const sc::Plan& plan);

// ---- for the files of this module ----

using Rows = Result<std::unique_ptr<engine::ResultStream>>;

// write_command.cc: the statement that a DataFrame's writer asks for.
Result<sql::Statement> DecodeWrite(const sc::WriteOperation& proto, Decoder& decoder, session::StatementRun& run);
Result<sql::Statement> DecodeWriteV2(const sc::WriteOperationV2& proto, Decoder& decoder, session::StatementRun& run);
Result<sql::Statement> DecodeMerge(const sc::MergeIntoTableCommand& proto, Decoder& decoder);

// catalog_relation.cc: spark.catalog.*
Rows RunCatalog(const sc::Catalog& proto, session::StatementRun& run);

// show_rows.cc: the text of df.show() and of its HTML form.
Result<std::string> ShowText(const sc::ShowString& proto, Decoder& decoder, session::StatementRun& run);
Result<std::string> ShowHtml(const sc::HtmlString& proto, Decoder& decoder, session::StatementRun& run);

}  // namespace ashlar::connect
