// Bytes as zlib packs them.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

namespace millrace::test {

inline constexpr int gzip_window = 15 + 16;
inline constexpr int raw_window = -MAX_WBITS;

inline std::string deflated(std::string_view bytes, int window) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, bytes.size()) + 32, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(out.size() - z.avail_out);
  deflateEnd(&z);
  return out;
}

}  // namespace millrace::test
