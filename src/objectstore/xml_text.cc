#include "objectstore/xml_text.h"

namespace ashlar::objectstore {
namespace {

class TextWriter final : public pugi::xml_writer {
 public:
  void write(const void* bytes, size_t size) override { text.append(static_cast<const char*>(bytes), size); }
  std::string text;
};

}  // namespace

std::string XmlText(const pugi::xml_document& document) {
  TextWriter writer;
  document.save(writer, "", pugi::format_raw);
  return std::move(writer.text);
}

}  // namespace ashlar::objectstore
