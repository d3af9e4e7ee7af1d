#include "base/result.h"

namespace ashlar {

Failure::Failure(Error error) : error_(new Error(std::move(error))) {}
Failure::Failure(const Failure& other) : error_(other.error_ ? new Error(*other.error_) : nullptr) {}
Failure& Failure::operator=(const Failure& other) { return *this = Failure(other); }
void Failure::Delete::operator()(Error* error) const { delete error; }

void DieOfError(const Error& error) {
  CHECK(false) << "value() of an error: " << FullMessage(error);
  __builtin_unreachable();
}

void DieOfValue() {
  CHECK(false) << "error() of a value";
  __builtin_unreachable();
}

}  // namespace ashlar
