#include "runtime/data/text_encoding.hpp"

#include <simdjson.h>

#include <openssl/evp.h>
#include <vector>

namespace millrace::data {

bool is_utf8(std::string_view bytes) { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

std::string_view why_no_text(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos)
    return "holds a NUL byte, which no text can";
  return is_utf8(bytes) ? "" : "is not UTF-8";
}

std::string_view whole_characters(std::string_view text, std::size_t most_bytes) {
  if (text.size() <= most_bytes)
    return text;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  auto n = most_bytes;
  for (int back = 0; back < 3 && n > 0 && continues(n); ++back)
    --n;
  return text.substr(0, continues(n) ? most_bytes : n);
}

std::string excerpt(std::string_view text, std::size_t most_bytes) {
  const auto head = whole_characters(text, most_bytes);
  return std::string(head) + (head.size() < text.size() ? "..." : "");
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  const auto tail = [&](int shift) { put(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80)
    return put(code_point);
  if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
  } else {
    if (code_point < 0x10000) {
      put(0xE0 | code_point >> 12);
    } else {
      put(0xF0 | code_point >> 18);
      tail(12);
    }
    tail(6);
  }
  tail(0);
}

std::string base64(std::string_view bytes) {
  std::vector<unsigned char> out((bytes.size() + 2) / 3 * 4 + 1);
  const auto n = EVP_EncodeBlock(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                                 static_cast<int>(bytes.size()));
  return {reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(n)};
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  std::vector<unsigned char> out(text.size() / 4 * 3 + 1);
  const auto n = EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                 static_cast<int>(text.size()));
  if (n < 0)
    return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
    ++padding;
  std::string bytes(reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(n) - padding);
  // OpenSSL passes over blanks and stray bits: only what base64() gives is taken.
  return base64(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace millrace::data
