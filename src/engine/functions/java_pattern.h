// Java's regular expressions rewritten for PCRE2, where the two languages differ: classes inside classes
// and their intersections ("[a-z&&[^aeiou]]"), the names of properties ("\p{Alpha}", "\p{IsLatin}"),
// characters by number ("\u00e9"). All else goes through as it stands, mistakes too.
// Source: the documentation of java.util.regex.Pattern (Java 17), and pcre2pattern(3).
#pragma once

#include <string>
#include <string_view>

namespace ashlar::engine {

std::string PatternForPcre(std::string_view java);

}  // namespace ashlar::engine
