#include "runtime/base/utf8_text.hpp"
#include "runtime/base/visible_text.hpp"

#include <catch2/catch.hpp>

namespace millrace {

TEST_CASE("valid text stays as it is, and each byte that belongs to no character becomes U+FFFD") {
  const std::string bad = "\xEF\xBF\xBD";
  for (const std::string good :
       {"", "plain", "größer 漢字 \xF0\x9F\x98\x80", "\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF"})
    CHECK(valid_utf8(good) == good);
  CHECK(valid_utf8("n\xFF"
                   "ame") == "n" + bad + "ame");
  CHECK(valid_utf8("cut \xF0\x9F\x98") == "cut " + bad + bad + bad);
  CHECK(valid_utf8("\xC0\x80") == bad + bad);             // overlong
  CHECK(valid_utf8("\xED\xA0\x80") == bad + bad + bad);   // a surrogate
  CHECK(valid_utf8("\xF4\x90\x80\x80").size() == 4 * 3);  // beyond U+10FFFF
  CHECK(valid_utf8("\xE4\xBC\xE6\xBC\xA2") == bad + bad + "\xE6\xBC\xA2");
}

TEST_CASE("text that is shown is valid UTF-8, and drives no terminal") {
  CHECK(visible("a\xFF\n\x1b\xC2\x9B\xC2") == "a\xEF\xBF\xBD\\n\\u001b\\u009b\xEF\xBF\xBD");
  CHECK(visible("größer 漢字") == "größer 漢字");
  CHECK(visible_lines("\xFF\n\xFF") == "\xEF\xBF\xBD\n\xEF\xBF\xBD");
}

}  // namespace millrace
