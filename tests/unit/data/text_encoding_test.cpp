#include "runtime/data/text_encoding.hpp"

#include <catch2/catch.hpp>

using namespace millrace::data;

TEST_CASE("text is cut between characters") {
  const std::string_view text = "a\u00e9\u20ac\U0001F600";  // 1, 2, 3 and 4 bytes
  CHECK(whole_characters(text, 0).empty());
  CHECK(whole_characters(text, 1) == "a");
  CHECK(whole_characters(text, 2) == "a");
  CHECK(whole_characters(text, 3) == "a\u00e9");
  CHECK(whole_characters(text, 5) == "a\u00e9");
  CHECK(whole_characters(text, 6) == "a\u00e9\u20ac");
  CHECK(whole_characters(text, 9) == "a\u00e9\u20ac");
  CHECK(whole_characters(text, 10) == text);
  CHECK(whole_characters(text, 100) == text);
}

TEST_CASE("bytes that are not text are cut all the same") {
  const std::string bytes(20, '\x80');
  CHECK(whole_characters(bytes, 7).size() == 7);
}

TEST_CASE("an excerpt says that something is left out") {
  CHECK(excerpt("short", 5) == "short");
  CHECK(excerpt("longer", 5) == "longe...");
  CHECK(excerpt("1234\u20ac", 6) == "1234...");
}

TEST_CASE("code points are written as UTF-8") {
  std::string out;
  for (const char32_t c : {U'\x7f', U'\x80', U'\u07ff', U'\u0800', U'\uffff', U'\U00010000', U'\U0010ffff'})
    append_utf8(out, c);
  CHECK(out == "\x7f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff");
  CHECK(is_utf8(out));
}

TEST_CASE("only what base64 gives is taken back") {
  for (const std::string text : {"", "a", "ab", "abc", "\xff\xfe"})
    CHECK(from_base64(base64(text)) == text);
  CHECK(!from_base64("YQ"));
  CHECK(!from_base64("YR=="));
  CHECK(!from_base64("Y Q="));
}
