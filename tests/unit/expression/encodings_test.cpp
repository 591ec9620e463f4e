// Hashes and encodings of texts, and what is said where bytes are no text.
#include "tests/unit/expression/evaluate_one.hpp"

using namespace millrace;
using namespace millrace::expression;
using Catch::Matchers::Contains;

namespace {

std::string in_all_rows(std::string_view value) { return fmt::format("text: {0}, {0}, {0}", value); }

}  // namespace

TEST_CASE("hashes are of the UTF-8 bytes") {
  CHECK(evaluated("sha256_hex('abc')") ==
        in_all_rows("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  CHECK(evaluated("sha256_hex(s)") ==
        "text: 6ac69af836de8007fe7da283ce10821ab484ae1af98a30ae13b0b23914a0bb79, null, "
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(evaluated("hmac_sha256_hex('Jefe', 'what do ya want for nothing?')") ==
        in_all_rows("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  CHECK(evaluated("hmac_sha256_hex(s, s) = hmac_sha256_hex(s, coalesce(s, ''))") ==
        "boolean: true, null, true");
  CHECK(evaluated("hmac_sha256_hex('', '')") ==
        in_all_rows("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
  CHECK(evaluated("hmac_sha256_hex(null, s)") == in_all_rows("null"));
}

TEST_CASE("base64 gives the text back, and a row fails whose bytes are none") {
  CHECK(evaluated("base64_encode(s)") == "text: SMOgIE7hu5lp, null, ");
  CHECK(evaluated("base64_decode(base64_encode(s))") == "text: Hà Nội, null, ");
  CHECK(evaluated("base64_decode(E'SMOg\\n IE7h\\tu5lp ')") == in_all_rows("Hà Nội"));
  CHECK(evaluated("base64_decode('gA==')") == in_all_rows("!base64_decode('gA==') is not UTF-8"));
  CHECK(evaluated("base64_decode('AA==')") ==
        in_all_rows("!base64_decode('AA==') holds a NUL byte, which no text can"));
  for (const auto* text : {"YQ", "YQ=", "Y===", "YR==", "YQ==YQ==", "a-_b"})
    CHECK(evaluated(fmt::format("base64_decode('{}')", text)) ==
          in_all_rows(fmt::format("!'{}' is not base64", text)));
}

TEST_CASE("parts of URLs are encoded and decoded") {
  CHECK(evaluated("url_encode('a b/é+~-._')") == in_all_rows("a%20b%2F%C3%A9%2B~-._"));
  CHECK(evaluated("url_decode(url_encode(s))") == "text: Hà Nội, null, ");
  CHECK(evaluated("url_decode('a+b%2fc')") == in_all_rows("a+b/c"));
  CHECK(evaluated("url_decode('100%')") ==
        in_all_rows("!'100%' has a % that is not followed by two hexadecimal digits"));
  CHECK(evaluated("url_decode('%g0')") ==
        in_all_rows("!'%g0' has a % that is not followed by two hexadecimal digits"));
  CHECK(evaluated("url_decode('%80')") == in_all_rows("!url_decode('%80') is not UTF-8"));
  CHECK(evaluated("url_decode('%00')") ==
        in_all_rows("!url_decode('%00') holds a NUL byte, which no text can"));
}

TEST_CASE("an encoded text that is too long fails its row") {
  CHECK_THAT(evaluated("url_encode(repeat(repeat('%', 1000), 8000))"), Contains("url_encode makes a text"));
  CHECK_THAT(evaluated("base64_encode(repeat(repeat('x', 1000), 14000))"),
             Contains("base64_encode makes a text"));
}

TEST_CASE("functions of bytes name those of texts") {
  const auto named = [](std::string_view text, std::string_view remedy) {
    const auto input = sample();
    const auto e = expression::bind(text, scope{input.schema.get(), {}});
    REQUIRE(!e);
    std::string all;
    for (const auto& p : e.error())
      all += p.message + '\n';
    CHECK_THAT(all, Contains(std::string(remedy)));
  };
  named("encode(sha256(s::bytea), 'hex')", "there is no function sha256(...); write sha256_hex(s)");
  named("encode(hmac(s, 'key', 'sha256'), 'hex')", "write hmac_sha256_hex(key, x)");
  named("encode(s, 'base64')", "base64_encode(x)");
  named("decode(s, 'base64')", "write base64_decode(");
  named("s::bytea", "there is no type bytea here; sha256_hex(x) and base64_encode(x) take the text");
}
