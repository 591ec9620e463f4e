// Files that the server gives to browsers: the page and what it loads. They are compiled in, compressed, and never change
// while a process lives.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace millrace::api {

struct asset {
  std::string_view path;  // "/", "/app.js"
  std::string_view content_type;
  std::string_view etag;  // quoted, as the header has it
  std::string_view gzip;  // the file, compressed
};

/// Returns nothing where there is none of that path.
[[nodiscard]] const asset* find_asset(std::span<const asset> all, std::string_view target);

/// Decompresses the asset for a client that does not take gzip.
[[nodiscard]] std::string uncompressed(const asset& a);

/// Tells whether a client that sends this as Accept-Encoding takes gzip.
[[nodiscard]] bool takes_gzip(std::string_view accept_encoding);

}  // namespace millrace::api
