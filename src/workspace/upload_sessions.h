// UploadSessions: files that clients send in parts, several at a time, as SDKs do from 50 MiB on.
//
// A part is an unnamed file in its target's folder, for an object in the staging folder: nobody sees it, and it goes with its session, with
// this object, and with the process. A session is its starter's; the address of a part is enough to
// send it (clients send parts without their token), but ends nothing. Sessions idle for six hours end.
// Thread safe.
//
// Errors: kNotFound for a session that is over or another's; kInvalidParameterValue for parts that are
// not as they were sent; those of local_files.h.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "workspace/local_files.h"
#include "workspace/volume_files.h"

namespace ashlar::workspace {

struct UploadTarget {
  std::string path;   // canonical
  Existing existing = Existing::kRefuse;
  int64_t owner_id = 0;
};

struct SentPart {
  int64_t number = 0;  // from 1; the file is its parts by number
  std::string etag;
};

class UploadSessions {
 public:
  static constexpr int64_t kMaxParts = 1000;

  UploadSessions(VolumeFiles& files, const Clock& clock, Random& random) : files_(files), clock_(clock), random_(random) {}

  // The session's token; nothing of the target is touched.
  Result<std::string> Start(UploadTarget target);
  // Whether the session is there and its owner's.
  Status Check(const std::string& token, int64_t owner_id);

  // A part being written; the session knows it once it is kept, in place of one with its number.
  struct Part {
    std::string etag;
    FileHandle file;
  };
  Result<std::shared_ptr<Part>> OpenPart(const std::string& token, int64_t number);
  Status KeepPart(const std::string& token, int64_t number, std::shared_ptr<Part> part);

  // Puts the file in its place, whole, and ends the session; after an error the session goes on.
  Status Complete(const std::string& token, const UploadTarget& target, const std::vector<SentPart>& parts);
  Status Abort(const std::string& token);

 private:
  struct Session {
    UploadTarget target;
    int64_t used_ms = 0;
    std::map<int64_t, std::shared_ptr<Part>> parts;
  };
  Result<Session*> Find(const std::string& token);

  VolumeFiles& files_;
  const Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::map<std::string, Session> sessions_;
};

}  // namespace ashlar::workspace
