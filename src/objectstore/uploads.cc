#include "objectstore/uploads.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/descriptor.h"
#include "base/file.h"

namespace ashlar::objectstore {

Status UploadFile(ObjectStore& store, const std::string& from, const std::string& to) {
  constexpr size_t kPieceBytes = 1 << 20;
  auto* uploads = dynamic_cast<UploadStore*>(&store);
  CHECK(uploads != nullptr) << "no object store behind " << to;
  Descriptor file(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return ErrnoError("open", from);
  ASSIGN_OR_RETURN(std::unique_ptr<ObjectUpload> upload, uploads->StartUpload(to));
  std::string piece(kPieceBytes, '\0');
  while (true) {
    ssize_t length = read(file.get(), piece.data(), piece.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return ErrnoError("read", from);
    if (length == 0) return upload->Finish();
    RETURN_IF_ERROR(upload->Append(std::string_view(piece).substr(0, static_cast<size_t>(length))));
  }
}

}  // namespace ashlar::objectstore
