// Row tracking of tables that exist: ids for the rows that have none, and the way back.
#pragma once

#include <map>
#include <string>

#include "session/maintain.h"

namespace ashlar::session {

// Whether the properties to be set switch row tracking on for a table without it.
bool EnablesRowTracking(const delta::Snapshot& snapshot, const std::map<std::string, std::string>& properties);

// Gives every file ids, in commits of its own; afterwards `table` is at the version all of whose files have
// them. The statement's own commit is still to come.
Status BackfillRowIds(StatementRun& run, MaintainedTable& table);

// Switches row tracking off and takes the ids away again.
Status RemoveRowIds(StatementRun& run, MaintainedTable& table);

}  // namespace ashlar::session
