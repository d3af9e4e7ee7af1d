#include "base/linkless.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace ashlar {

Result<int> OpenWithoutLinks(const std::string& path, int flags, unsigned mode) {
  CHECK(path.starts_with('/')) << path;
  open_how how{};
  // Without O_NOFOLLOW: with it, O_PATH opens a link in the last place as itself instead of refusing it.
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_NO_SYMLINKS;
  int fd = static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how)));
  if (fd >= 0) return fd;
  int number = errno;
  if (number == ELOOP) return MakeError(ErrorCode::kPermissionDenied, "A symbolic link stands in the way to " + path);
  Error error = ErrnoError("open", path);
  // A file where a folder should be: nothing is there below it.
  if (number == ENOTDIR) error.code = ErrorCode::kNotFound;
  return error;
}

}  // namespace ashlar
