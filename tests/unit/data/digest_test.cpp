// SHA-256 by the examples of FIPS 180-4, HMAC-SHA-256 by those of RFC 4231.
#include "runtime/base/hex_digits.hpp"
#include "runtime/data/digest.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("one object hashes one message after another") {
  data::sha256 hash;
  const auto abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(hex_of(*hash.of("abc")) == abc);
  CHECK(hex_of(*hash.of({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex_of(*hash.of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hex_of(*hash.of("abc")) == abc);
}

TEST_CASE("an HMAC has the key of its call, whether or not it is the one of the call before") {
  data::hmac_sha256 hash;
  const auto of_jefe = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  CHECK(hex_of(*hash.of("Jefe", "what do ya want for nothing?")) == of_jefe);
  CHECK(hex_of(*hash.of("Jefe", "what do ya want for nothing?")) == of_jefe);
  CHECK(hex_of(*hash.of(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(
      hex_of(*hash.of(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")) ==
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(hex_of(*hash.of({}, {})) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  CHECK(hex_of(*hash.of("Jefe", "what do ya want for nothing?")) == of_jefe);
}
