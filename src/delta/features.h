// Table features: one table of what exists in the protocol, what this version can do with each, and
// when a listed feature is in use. Reading or writing a table that needs more is refused by name.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "delta/actions.h"
#include "types/data_type.h"

namespace ashlar::delta {

enum class Support { kYes, kNo };

struct TableFeature {
  std::string_view name;
  bool reader = false;      // a reader must know it too
  int legacy_reader = 0;    // the versions that imply it; 0: only by name
  int legacy_writer = 0;
  Support read = Support::kYes;
  Support write = Support::kNo;
  // Whether metadata or schema put it to use.
  bool (*in_use)(const Metadata&, const Schema&) = nullptr;
};

std::span<const TableFeature> AllTableFeatures();
const TableFeature* FindTableFeature(std::string_view name);

// Whether the protocol lists the feature, by name or by version.
bool IsFeatureListed(const Protocol& protocol, std::string_view name);
// The names a protocol implies or lists, sorted: what DESCRIBE DETAIL shows.
std::vector<std::string> ListedFeatures(const Protocol& protocol);
// The lowest versions that name exactly these features, sorted. Readers know column mapping by a version of its own.
Protocol ProtocolNaming(std::vector<std::string> names);
// The lowest protocol with everything `protocol` has and the feature; no change when it has it.
Protocol WithFeature(Protocol protocol, const TableFeature& feature);
// The features that metadata and schema put to use but the protocol does not list, in the order to add them.
std::vector<const TableFeature*> MissingFeatures(const Protocol& protocol, const Metadata& metadata,
                                                 const Schema& schema);

// Errors: DELTA_INVALID_PROTOCOL_VERSION (KD004), DELTA_UNSUPPORTED_FEATURES_FOR_READ (56038).
Status CheckReadable(const Protocol& protocol, const Schema& schema);
// Errors: DELTA_INVALID_PROTOCOL_VERSION (KD004), DELTA_UNSUPPORTED_FEATURES_FOR_WRITE (56038),
// DELTA_FEATURES_PROTOCOL_METADATA_MISMATCH (KD004). A writer must be able to read.
Status CheckWritable(const Protocol& protocol, const Metadata& metadata, const Schema& schema);

}  // namespace ashlar::delta
