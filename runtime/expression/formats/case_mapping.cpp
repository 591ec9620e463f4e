#include "runtime/expression/formats/case_mapping.hpp"

#include <utf8proc.h>

namespace millrace::expression {
namespace {

constexpr utf8proc_int32_t sharp_s = 0xDF;  // utf8proc has a capital for it, libc has none

utf8proc_int32_t upper(utf8proc_int32_t c) {
  if (c < 0x80)
    return c >= 'a' && c <= 'z' ? c - 32 : c;
  return c == sharp_s ? c : utf8proc_toupper(c);
}
utf8proc_int32_t lower(utf8proc_int32_t c) {
  if (c < 0x80)
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return utf8proc_tolower(c);
}

bool in_words(utf8proc_int32_t c) {
  const auto category = utf8proc_category(c);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
         category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL;
}

/// Each character replaced by what `map` makes of it.
template<class Map>
std::string mapped(std::string_view s, Map map) {
  std::string out;
  out.reserve(s.size());
  for (std::size_t i = 0; i < s.size();) {
    utf8proc_int32_t c = static_cast<unsigned char>(s[i]);
    utf8proc_ssize_t length = 1;
    if (c >= 0x80)
      length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(s.data()) + i,
                                static_cast<utf8proc_ssize_t>(s.size() - i), &c);
    if (length < 1) {
      out += s[i++];
      continue;
    }
    i += static_cast<std::size_t>(length);
    c = map(c);
    if (c < 0x80) {
      out += static_cast<char>(c);
      continue;
    }
    utf8proc_uint8_t bytes[4];
    const auto written = utf8proc_encode_char(c, bytes);
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(written));
  }
  return out;
}

}  // namespace

std::string lower_case(std::string_view s) { return mapped(s, lower); }
std::string upper_case(std::string_view s) { return mapped(s, upper); }

std::string capitalised(std::string_view s) {
  return mapped(s, [in_word = false](utf8proc_int32_t c) mutable {
    const auto out = in_word ? lower(c) : upper(c);
    in_word = in_words(c);
    return out;
  });
}

}  // namespace millrace::expression
