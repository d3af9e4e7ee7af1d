// Errors as Spark Connect clients expect them: gRPC INTERNAL with a google.rpc.Status in the trailers,
// whose ErrorInfo names the exception class, from which PySpark picks its own; the rest is fetched by
// FetchErrorDetails.
#pragma once

#include <grpcpp/support/status.h>

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace spark::connect {
class FetchErrorDetailsResponse;
}

namespace ashlar::connect {

namespace sc = ::spark::connect;

// An error with the SQL text its span points into; empty when there is none.
struct PlanError {
  Error error;
  std::string sql;
};

// The exception and its superclasses, the most special one first.
std::vector<std::string> ExceptionClasses(const Error& error);

// "[CONDITION] …" with the query context below it, when the span is known.
std::string MessageWithContext(const PlanError& error);

// INVALID_HANDLE.<reason>, e.g. "SESSION_NOT_FOUND".
Error InvalidHandle(const std::string& reason, const std::string& handle, const std::string& message);

// What FetchErrorDetails answers from: the last errors of a session. Thread safe.
class ErrorLog {
 public:
  explicit ErrorLog(Random& random) : random_(random) {}
  // Keeps the error; the status names it.
  grpc::Status Report(const PlanError& error);
  // False: no such error (any more).
  bool Fill(const std::string& error_id, sc::FetchErrorDetailsResponse& response) const;

 private:
  Random& random_;
  mutable std::mutex mutex_;
  std::map<std::string, PlanError> errors_;
  std::deque<std::string> order_;
};

// The status of an error no session keeps.
grpc::Status StatusOf(const PlanError& error, const std::string& error_id);

}  // namespace ashlar::connect
