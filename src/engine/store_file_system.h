// How the engine reads objects of object stores: by ranges, through an ObjectStore. Nothing is written this way:
// data files are made in the engine's temporary folder and uploaded whole (table_writer.h).
#pragma once

#include "engine/engine.h"
#include "objectstore/object_store.h"

namespace ashlar::engine {

// Gives the engine every path that is the URL of an object store (store_url.h). `store` outlives the engine.
void ServeStorePaths(Engine& engine, objectstore::ObjectStore& store);

}  // namespace ashlar::engine
