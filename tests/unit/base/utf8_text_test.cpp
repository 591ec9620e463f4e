#include "runtime/base/utf8_text.hpp"
#include "runtime/base/visible_text.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

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
  CHECK(valid_utf8("\xF4\x90\x80\x80").size() == 4 * 3);  // a code point beyond U+10FFFF
  CHECK(valid_utf8("\xE4\xBC\xE6\xBC\xA2") == bad + bad + "\xE6\xBC\xA2");
}

TEST_CASE("text that is shown is valid UTF-8, and drives no terminal") {
  CHECK(visible("a\xFF\n\x1b\xC2\x9B\xC2") == R"(a\xff\n\u001b\u009b\xc2)");
  CHECK(visible("größer 漢字") == "größer 漢字");
  CHECK(visible_lines("\xFF\n\t\r\xFF") == "\\xff\n\t\\r\\xff");
  CHECK(visible(std::string_view("\0\x7f\x9b", 3)) == R"(\u0000\u007f\x9b)");
}

TEST_CASE("text that is shown has no mark of direction and no character without a shape") {
  CHECK(visible("a\u202Etxt.exe") == R"(a\u202etxt.exe)");
  for (const std::string hidden :
       {"\u00AD", "\u061C", "\u1160", "\u180E", "\u200B", "\u200E", "\u200F", "\u2028", "\u202A", "\u2060",
        "\u2066", "\u2069", "\u3164", "\uFEFF", "\uFFA0", "\uFFF9"}) {
    const auto shown = visible("x" + hidden + "y");
    INFO(shown);
    CHECK(shown.size() == 8);
    CHECK(shown.substr(0, 3) == "x\\u");
    CHECK(visible(shown) == shown);
  }
  CHECK(visible("\U000E0041\U0001D173") == R"(\udb40\udc41\ud834\udd73)");  // JSON's form
}

TEST_CASE("joiners of scripts and emoji, and what lies beside the characters without a shape, stay") {
  for (const std::string good :
       {"\u200C", "\u200D", "\uFE0F", "\u00A0", "\u00AE", "\u200A", "\u2010", "\u2027", "\u202F", "\u205F",
        "\u2070", "\uFFFC", "\uFFFD", "\U000E0100", "\U0001F600", "\u05D0"})
    CHECK(visible(good) == good);
}

TEST_CASE("a pipe gets lines as they are, a terminal gets them visible") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  CHECK(lines_for(ends[1], "\x1b[2J\n") == "\x1b[2J\n");
  ::close(ends[0]);
  ::close(ends[1]);
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  CHECK(lines_for(terminal, "\x1b[2J\n") == "\\u001b[2J\n");
  ::close(terminal);
}

}  // namespace millrace
