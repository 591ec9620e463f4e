#include "runtime/data/text_decoder.hpp"
#include "runtime/data/text_encoding.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace millrace::data;
using namespace std::string_literals;

namespace {

/// Decodes in parts of `size` bytes; the text must not depend on it.
std::string decoded(encoding from, const std::string& bytes, std::size_t size) {
  text_decoder decoder(from, std::string_view(bytes).substr(0, 3));
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += size)
    decoder.decode(std::string_view(bytes).substr(at, size), false, out);
  decoder.decode("", true, out);
  return out;
}

std::string decoded(encoding from, const std::string& bytes) {
  const auto whole = decoded(from, bytes, bytes.size() + 1);
  for (const std::size_t size : {1, 2, 3, 5})
    CHECK(decoded(from, bytes, size) == whole);
  return whole;
}

/// Little-endian without a mark.
std::string units(std::u16string_view text) {
  std::string out;
  for (const auto unit : text) {
    out += static_cast<char>(unit & 0xFF);
    out += static_cast<char>(unit >> 8);
  }
  return out;
}

std::string swapped(std::string bytes) {
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
    std::swap(bytes[i], bytes[i + 1]);
  return bytes;
}

}  // namespace

TEST_CASE("each byte of windows-1252 is its character, and five are none") {
  std::string bytes;
  std::string refused;
  for (int i = 0; i < 256; ++i) {
    const std::string byte(1, static_cast<char>(i));
    bytes += byte;
    if (const auto text = decoded(encoding::windows_1252, byte); !is_utf8(text))
      refused += text == byte ? byte : "other";
  }
  CHECK(refused == "\x81\x8D\x8F\x90\x9D");
  const auto text = decoded(encoding::windows_1252, bytes);
  CHECK(text.substr(0, 128) == bytes.substr(0, 128));
  CHECK(
      text.substr(128) ==
      "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8DŽ\x8F\x90‘’“”•–—˜™š›œ\x9DžŸ\u00A0¡¢£¤¥¦§¨©ª«¬\u00AD®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ"s);
}

TEST_CASE("a byte that is no character leaves no UTF-8, whatever stands beside it") {
  for (const auto* const text : {"\xE9\x81", "\x81\x81\x81", "a\x9Dz", "\x80\x8D\x8F"})
    CHECK_FALSE(is_utf8(decoded(encoding::windows_1252, text)));
}

TEST_CASE("utf-16 goes by its byte-order mark, and only the first mark is none of the text") {
  const auto text = units(u"\uFEFFa\uFEFFé€\U0001F600\r\n");
  const auto* const expected = "a\uFEFFé€\U0001F600\r\n";
  CHECK(decoded(encoding::utf_16, text) == expected);
  CHECK(decoded(encoding::utf_16, swapped(text)) == expected);
  CHECK(decoded(encoding::utf_16, units(u"\uFEFF")).empty());
  CHECK(decoded(encoding::utf_16, "").empty());
}

TEST_CASE("half of a surrogate pair, a swapped mark and a last byte alone leave no UTF-8") {
  const std::u16string high(1, 0xD83D);
  const std::u16string low(1, 0xDE00);
  for (const auto& bad : {high, low, low + high, high + high, high + u"a", std::u16string(1, 0xFFFE)}) {
    const auto text = decoded(encoding::utf_16, units(u"\uFEFF1," + bad + u"\n2,b\n"));
    CHECK(text.starts_with("1,"));
    CHECK(text.ends_with("\n2,b\n"));
    CHECK_FALSE(is_utf8(text));
    CHECK_FALSE(is_utf8(decoded(encoding::utf_16, units(u"\uFEFF" + bad))));
  }
  CHECK(decoded(encoding::utf_16, units(u"\uFEFFa\n") + "b") == "a\n\xFF");
  CHECK(decoded(encoding::utf_16, units(u"\uFEFF" + high) + "b") == "\xED\xA0\xBD\xFF");
}

TEST_CASE("a byte-order mark says whether a text is what the option says") {
  CHECK(why_not_read_by(encoding::utf_16, "").empty());
  CHECK(why_not_read_by(encoding::utf_16, "\xFF\xFE").empty());
  CHECK(why_not_read_by(encoding::utf_16, "\xFE\xFF").empty());
  CHECK(why_not_read_by(encoding::utf_16, "a\0b"s).find("iconv -f utf-16le") != std::string_view::npos);
  CHECK(why_not_read_by(encoding::utf_16, "a").find("byte-order mark") != std::string_view::npos);
  CHECK(why_not_read_by(encoding::utf_16, "\xEF\xBB\xBF").find("of UTF-8") != std::string_view::npos);
  CHECK(why_not_read_by(encoding::windows_1252, "\xEF\xBB\xBF").find("of UTF-8") != std::string_view::npos);
  CHECK(why_not_read_by(encoding::windows_1252, "\xFF\xFE").find("\"utf-16\"") != std::string_view::npos);
  CHECK(why_not_read_by(encoding::windows_1252, "\xEF\xBB").empty());
  CHECK(why_not_read_by(encoding::utf_8, "\xEF\xBB\xBF").empty());
}
