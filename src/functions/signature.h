// The little language of FunctionRow::signature and ::result.
//
//   signature  argument {, argument}
//   argument   type {| type} [= default] [?] [...]
//     default     appended when the argument is not given: =1 ='x' =null =true
//     ?           may be left out, then it is missing
//     ...         this last argument any number of times, also none
//   type       a Spark type (string, int, array<string>), or a class:
//     any  numeric  integral  array  map  struct  interval
//     T           all arguments marked T get their common type
//   result     a Spark type, T, $0 (the type of argument 0 after its cast), $0.element, array<$0>
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/call.h"

namespace ashlar::functions {

struct Parameter {
  std::vector<std::string> types;
  std::optional<Value> default_value;
  bool optional = false;
  bool repeated = false;
};

struct Signature {
  std::vector<Parameter> parameters;
  size_t min_count = 0;
  std::optional<size_t> max_count;  // none: any number
};

// `text` is one of the tables': a mistake in it is a bug.
Signature ParseSignature(std::string_view text);

// Checks the number of arguments. Errors: WRONG_NUM_ARGS.
Status CheckCount(const Signature& signature, const Call& call);
// The types the arguments are cast to. Errors: DATATYPE_MISMATCH.
Result<std::vector<DataType>> CoerceArguments(const Signature& signature, const Call& call);
// What `from` is cast to when one of `types` is wanted; nullopt: it cannot be.
std::optional<DataType> CoerceTo(const DataType& from, const std::vector<std::string>& types, bool ansi);
DataType ResultType(std::string_view result, const std::vector<DataType>& argument_types);

}  // namespace ashlar::functions
