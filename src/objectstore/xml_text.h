// XML documents as the text that services are sent.
#pragma once

#include <pugixml.hpp>
#include <string>

namespace ashlar::objectstore {

std::string XmlText(const pugi::xml_document& document);

}  // namespace ashlar::objectstore
