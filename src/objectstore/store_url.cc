#include "objectstore/store_url.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace ashlar::objectstore {
namespace {

constexpr std::array kSchemes = {
    std::pair{"s3", StoreKind::kS3},           std::pair{"s3a", StoreKind::kS3},
    std::pair{"abfss", StoreKind::kAzureBlob}, std::pair{"abfs", StoreKind::kAzureBlob},
    std::pair{"wasbs", StoreKind::kAzureBlob}, std::pair{"wasb", StoreKind::kAzureBlob}};
constexpr std::array kAzureDomains = {".dfs.core.windows.net", ".blob.core.windows.net"};

std::string SchemeOf(std::string_view text) {
  size_t colon = text.find("://");
  return colon == std::string_view::npos ? std::string() : ToLowerAscii(text.substr(0, colon));
}

Error BadUrl(std::string_view text, const std::string& why) {
  return MakeError(ErrorCode::kInvalidParameterValue, "Invalid path '" + std::string(text) + "': " + why);
}

// container@account.dfs.core.windows.net
Status ReadAzureHost(std::string_view text, std::string_view host, StoreUrl* url) {
  size_t at = host.find('@');
  if (at == std::string_view::npos) return BadUrl(text, "it must be abfss://<container>@<account>.dfs.core.windows.net/…");
  url->bucket = host.substr(0, at);
  std::string domain = ToLowerAscii(host.substr(at + 1));
  for (const char* known : kAzureDomains) {
    if (domain.ends_with(known)) url->account = domain.substr(0, domain.size() - std::string_view(known).size());
  }
  if (!url->account.empty() && url->account.find('.') == std::string::npos) return OkStatus();
  return BadUrl(text, "its account is not one of core.windows.net");
}

}  // namespace

std::string StoreUrl::Root() const {
  if (kind == StoreKind::kS3) return "s3://" + bucket;
  return "abfss://" + bucket + "@" + account + ".dfs.core.windows.net";
}

std::string StoreUrl::Text() const { return key.empty() ? Root() : Root() + "/" + key; }

bool HasStoreScheme(std::string_view text) {
  std::string scheme = SchemeOf(text);
  return std::ranges::any_of(kSchemes, [&](const auto& row) { return row.first == scheme; });
}

Result<StoreUrl> ParseStoreUrl(std::string_view text) {
  std::string scheme = SchemeOf(text);
  auto row = std::ranges::find(kSchemes, scheme, [](const auto& known) { return std::string_view(known.first); });
  if (row == kSchemes.end()) return BadUrl(text, "it is no URL of an object store");
  if (text.find('\0') != std::string_view::npos) return BadUrl("", "it contains NUL");
  StoreUrl url{.kind = row->second};
  std::string_view rest = text.substr(scheme.size() + 3);
  size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view host = rest.substr(0, slash);
  if (url.kind == StoreKind::kS3) {
    url.bucket = host;
  } else {
    RETURN_IF_ERROR(ReadAzureHost(text, host, &url));
  }
  if (url.bucket.empty()) return BadUrl(text, "it names no bucket");
  std::string_view key = rest.substr(std::min(slash + 1, rest.size()));
  while (key.ends_with('/')) key.remove_suffix(1);
  for (std::string_view part : SplitView(key, '/')) {
    if (key.empty()) break;
    if (part.empty() || part == "." || part == "..") return BadUrl(text, "a part of it is empty, '.' or '..'");
  }
  url.key = key;
  return url;
}

}  // namespace ashlar::objectstore
