#include "runtime/data/text_decoder.hpp"

#include "runtime/data/csv_text.hpp"
#include "runtime/data/text_encoding.hpp"

#include <algorithm>
#include <array>

namespace millrace::data {
namespace {

constexpr std::string_view little_endian_mark = "\xFF\xFE";
constexpr std::string_view big_endian_mark = "\xFE\xFF";
constexpr char32_t swapped_mark = 0xFFFE;
constexpr char no_text = '\xFF';

/// The characters of 0x80 to 0x9F; 0: none. All others are Unicode's of the same number.
constexpr std::array<char32_t, 32> of_windows_1252{
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool is_high_surrogate(char32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(char32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

void decode_windows_1252(std::string_view bytes, std::string& out) {
  for (auto at = bytes.begin(); at != bytes.end();) {
    const auto end = std::find_if_not(at, bytes.end(), is_ascii);
    out.append(at, end);
    if ((at = end) == bytes.end())
      return;
    const auto byte = static_cast<unsigned char>(*at++);
    const char32_t character = byte < 0xA0 ? of_windows_1252[byte - 0x80U] : byte;
    if (character == 0)
      out += static_cast<char>(byte);
    else
      append_utf8(out, character);
  }
}

}  // namespace

encoding encoding_of(std::string_view text) {
  return text == "windows-1252" ? encoding::windows_1252
         : text == "utf-16"     ? encoding::utf_16
                                : encoding::utf_8;
}

std::string_view why_not_read_by(encoding from, std::string_view head) {
  const bool is_utf_8 = head.starts_with(byte_order_mark);
  const bool is_utf_16 = head.starts_with(little_endian_mark) || head.starts_with(big_endian_mark);
  if (from == encoding::windows_1252 && is_utf_16)
    return "it begins with the byte-order mark of UTF-16; say \"encoding\": \"utf-16\"";
  if (from != encoding::utf_8 && is_utf_8)
    return "it begins with the byte-order mark of UTF-8; leave out \"encoding\"";
  if (from == encoding::utf_16 && !is_utf_16 && !head.empty())
    return "it does not begin with a byte-order mark, so the order of its bytes is unknown; convert it with "
           "iconv -f "
           "utf-16le -t utf-8 (or -f utf-16be), and leave out \"encoding\"";
  return "";
}

std::string_view why_not_decoded(encoding from) {
  switch (from) {
  case encoding::windows_1252:
    return "holds a byte without a character in windows-1252 (0x81, 0x8D, 0x8F, 0x90 or 0x9D)";
  case encoding::utf_16:
    return "holds no character of utf-16 in some place (half of a surrogate pair, a swapped byte-order mark, "
           "or a "
           "last byte alone)";
  case encoding::utf_8:
    break;
  }
  return "is not UTF-8";
}

text_decoder::text_decoder(encoding from, std::string_view head)
    : from_(from), big_endian_(head.starts_with(big_endian_mark)) {}

void text_decoder::decode(std::string_view bytes, bool is_all, std::string& out) {
  switch (from_) {
  case encoding::utf_8:
    out += bytes;
    break;
  case encoding::windows_1252:
    decode_windows_1252(bytes, out);
    break;
  case encoding::utf_16:
    rest_ += bytes;
    decode_utf_16(is_all, out);
    break;
  }
}

char32_t text_decoder::unit(std::size_t at) const {
  const char32_t first = static_cast<unsigned char>(rest_[at]);
  const char32_t second = static_cast<unsigned char>(rest_[at + 1]);
  return big_endian_ ? first << 8U | second : second << 8U | first;
}

void text_decoder::decode_utf_16(bool is_all, std::string& out) {
  std::size_t at = begun_ || rest_.size() < 2 ? 0 : 2;
  begun_ = begun_ || at > 0;
  for (; at + 2 <= rest_.size(); at += 2) {
    const auto first = unit(at);
    const bool is_followed = at + 4 <= rest_.size();
    if (is_high_surrogate(first) && !is_followed && !is_all)
      break;
    const auto second = is_high_surrogate(first) && is_followed ? unit(at + 2) : 0;
    if (is_low_surrogate(second)) {
      append_utf8(out, 0x10000 + ((first - 0xD800) << 10U) + (second - 0xDC00));
      at += 2;
    } else if (first == swapped_mark) {
      out += no_text;
    } else {
      append_utf8(out, first);  // a surrogate alone is no UTF-8 then
    }
  }
  rest_.erase(0, at);
  if (is_all && !rest_.empty())
    out += no_text;
}

}  // namespace millrace::data
