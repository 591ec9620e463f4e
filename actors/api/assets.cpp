#include "actors/api/assets.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace millrace::api {
namespace {

constexpr int gzip_window = 16 + MAX_WBITS;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

const asset* find_asset(std::span<const asset> all, std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  const auto at = std::ranges::find(all, path, &asset::path);
  return at == all.end() ? nullptr : &*at;
}

std::string uncompressed(const asset& a) {
  std::string out;
  z_stream stream{};
  if (inflateInit2(&stream, gzip_window) != Z_OK)
    return out;
  std::string in(a.gzip);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  std::array<char, 16'384> buffer{};
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return out;
}

bool takes_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const auto end = std::min(accept_encoding.find(','), accept_encoding.size());
    const auto one = accept_encoding.substr(0, end);
    accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
    const auto semicolon = std::min(one.find(';'), one.size());
    const auto weight = trimmed(one.substr(std::min(semicolon + 1, one.size())));
    if (trimmed(one.substr(0, semicolon)) == "gzip" && weight != "q=0" && weight != "q=0.0" &&
        weight != "q=0.00" && weight != "q=0.000")
      return true;
  }
  return false;
}

}  // namespace millrace::api
