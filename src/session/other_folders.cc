#include "session/other_folders.h"

#include "objectstore/store_url.h"

namespace ashlar::session {

Result<std::vector<std::string>> AskedFolders::Readable(const std::vector<std::string>& folders) {
  std::vector<sql::ResolveRequest> requests;
  for (const std::string& folder : folders) {
    // A local one as a URL: /Volumes/… would mean a volume.
    std::string path = objectstore::IsStorePath(folder) ? folder : "file:" + folder;
    requests.push_back({.name = {}, .format = "DELTA", .path = std::move(path), .access = sql::Access::kRead, .named_by_log = true});
  }
  ASSIGN_OR_RETURN(auto answers, control_.Resolve(handle_, {}, requests));
  std::vector<std::string> readable;
  for (const Result<sql::ResolvedRelation>& answer : answers) {
    if (answer.ok()) readable.push_back(answer->location);
  }
  return readable;
}

}  // namespace ashlar::session
