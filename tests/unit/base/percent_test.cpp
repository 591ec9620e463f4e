#include "runtime/base/percent.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("unreserved characters stay, all others are encoded, and decoding gives the text back") {
  CHECK(percent_encoded("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encoded("a/b c%\xff") == "a%2Fb%20c%25%FF");
  CHECK(percent_encoded("a/b", false) == "a%2fb");
  std::string all;
  for (int c = 0; c < 256; ++c)
    all += static_cast<char>(c);
  CHECK(percent_decoded(percent_encoded(all)) == all);
  CHECK(strictly_percent_decoded(percent_encoded(all, false)) == all);
}

TEST_CASE("a percent sign that begins no byte stays, or is refused") {
  for (const std::string text : {"%", "a%", "%4", "%g0", "%0g", "50% of it", "%+1"}) {
    CHECK(percent_decoded(text) == text);
    CHECK_FALSE(strictly_percent_decoded(text));
  }
  CHECK(percent_decoded("%%41") == "%A");
  CHECK_FALSE(strictly_percent_decoded("%%41"));
  CHECK(strictly_percent_decoded("") == "");
}
