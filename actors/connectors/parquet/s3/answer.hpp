// Reads what S3 says: its XML errors and listings (docs.aws.amazon.com, "Amazon S3 REST API"). Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::s3 {

/// Says what is wrong, whose fault it is, if waiting helps. `doing`: "list lake/"; `server` for the text.
[[nodiscard]] unexpected judge(std::string_view server, std::string_view doing, long status,
                               std::string_view body);

/// One page of ListObjectsV2 with delimiter "/" and encoding-type url.
struct listing {
  std::vector<std::string> keys;      // whole
  std::vector<std::string> prefixes;  // whole, with their slash
  std::string next;                   // continuation token; empty: the last page
};
[[nodiscard]] expected<listing> parse_listing(std::string_view body);

}  // namespace millrace::s3
