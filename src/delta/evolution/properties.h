// Table properties ("delta.…"): those that exist, the values they take, and what they ask of the
// protocol. Names are Delta's; they are found without regard to case and kept as Delta spells them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/features.h"

namespace ashlar::delta {

// What TBLPROPERTIES say, taken apart.
struct PropertyRequest {
  StringMap stored;  // for the table's configuration
  std::vector<const TableFeature*> features;  // delta.feature.<name> = 'supported'
  int min_reader_version = 0;                 // delta.minReaderVersion and …WriterVersion; 0: not asked
  int min_writer_version = 0;
};

// Errors: DELTA_UNKNOWN_CONFIGURATION (F0000), DELTA_UNSUPPORTED_FEATURES_IN_CONFIG (56038),
// DELTA_UNSUPPORTED_FEATURE_STATUS (0AKDE), DELTA_INVALID_INTERVAL (22006),
// DELTA_INVALID_ISOLATION_LEVEL (25000); kInvalidParameterValue for another value that the property
// does not take.
Result<PropertyRequest> ReadProperties(const StringMap& given);

// The protocol raised to what was asked; never lowered.
Protocol WithRequest(Protocol protocol, const PropertyRequest& request);

// The properties that a session's defaults ("spark.databricks.delta.properties.defaults.<name>", of
// which `defaults` has the part behind "defaults.") give a new table; what names none is left out.
StringMap DefaultProperties(const StringMap& defaults);

// "delta.appendOnly" for "DELTA.appendonly"; what names no property as it is.
std::string CanonicalProperty(const std::string& key);

}  // namespace ashlar::delta
