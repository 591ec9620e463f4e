#include "runtime/link/proof.hpp"
#include "tests/support/golden_file.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;
using namespace millrace::link;

namespace {

using judged = doorkeeper::judged;

const std::string secret = "0123456789abcdef0123456789abcdef";
const std::string here = "127.0.0.1 7100";

nonce counted_from(char first) {
  nonce out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out.at(i) = static_cast<char>(first + static_cast<char>(i));
  return out;
}

doorkeeper of_b(const std::string& its_secret = secret) {
  return {its_secret, "node-b", here, counted_from(0)};
}
answered answer_to(const doorkeeper& d, const std::string& its_secret = secret,
                   const std::string& peer = "node-b", const std::string& at = here) {
  auto out = answer(d.challenge(), its_secret, "node-a", peer, at, counted_from(100));
  REQUIRE(out);
  return *out;
}
/// Gives it as many bytes at a time as it wants.
judged give(doorkeeper& d, std::string_view bytes) {
  auto last = judged::more;
  while (last == judged::more && bytes.size() >= d.wants()) {
    const auto part = bytes.substr(0, d.wants());
    bytes.remove_prefix(part.size());
    last = d.take(part);
  }
  return last;
}

}  // namespace

TEST_CASE(
    "two nodes that read one store prove it to each other, and the one that accepts knows the other's name") {
  auto b = of_b();
  const auto a = answer_to(b);
  CHECK(give(b, a.bytes) == judged::proved);
  CHECK(b.peer() == "node-a");
  CHECK(is_proof(b.own_proof(), a.proof));
}

TEST_CASE("the bytes of a challenge, its answer and the proof behind it are the golden file's") {
  auto b = of_b();
  const auto a = answer_to(b);
  REQUIRE(give(b, a.bytes) == judged::proved);
  millrace::test::check_golden("tests/unit/link/golden/proof_1.bin", b.challenge() + a.bytes + b.own_proof());
}

TEST_CASE("another secret, name, address or number of either side proves nothing") {
  const auto refused = [](const answered& a, doorkeeper b) { return give(b, a.bytes) == judged::unproved; };
  CHECK(refused(answer_to(of_b(), "0123456789abcdef0123456789abcdeF"), of_b()));
  CHECK(refused(answer_to(of_b(), secret, "node-c"), of_b()));
  CHECK(refused(answer_to(of_b(), secret, "node-b", "127.0.0.1 7101"), of_b()));
  const doorkeeper earlier(secret, "node-b", here, counted_from(1));
  CHECK(refused(answer_to(earlier), of_b()));  // recorded, and played again
  auto renamed = answer_to(of_b());
  renamed.bytes.back() = 'c';
  CHECK(refused(renamed, of_b()));
}

TEST_CASE("neither side's words are a proof of the other side") {
  auto b = of_b();
  const auto a = answer_to(b);
  const auto shown = std::string_view(a.bytes).substr(4 + sizeof(nonce), proof_size);
  CHECK_FALSE(is_proof(shown, a.proof));
  REQUIRE(give(b, a.bytes) == judged::proved);
  auto other = of_b();
  auto reflected = a.bytes;
  reflected.replace(4 + sizeof(nonce), proof_size, b.own_proof());
  CHECK(give(other, reflected) == judged::unproved);
}

TEST_CASE("every bit of an answer counts, and nothing of one that is cut off is judged") {
  const auto bytes = answer_to(of_b()).bytes;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    INFO(n << " of " << bytes.size());
    auto cut = of_b();
    CHECK(give(cut, std::string_view(bytes).substr(0, n)) == judged::more);
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto changed = bytes;
      changed.at(n) = static_cast<char>(static_cast<unsigned char>(changed.at(n)) ^ 1U << bit);
      auto b = of_b();
      CHECK(give(b, changed) != judged::proved);
    }
  }
}

TEST_CASE("whatever is said, a node wants 255 bytes at most") {
  auto b = of_b();
  CHECK(b.take("GET ") == judged::foreign);
  const auto magic = answer_to(of_b()).bytes.substr(0, 4);
  auto longest = of_b();
  REQUIRE(longest.take(magic) == judged::more);
  REQUIRE(longest.take(std::string(longest.wants(), '\xFF')) == judged::more);
  CHECK(longest.wants() == 255);
  CHECK(longest.take(std::string(255, '\xFF')) == judged::unproved);
  auto nameless = of_b();
  REQUIRE(nameless.take(magic) == judged::more);
  CHECK(nameless.take(std::string(nameless.wants(), '\0')) == judged::foreign);
}

TEST_CASE("a node without a secret takes nobody and goes nowhere") {
  auto b = of_b("");
  CHECK_FALSE(answer(b.challenge(), "", "node-a", "node-b", here, {}));
  CHECK(give(b, answer_to(b).bytes) == judged::unproved);
  auto again = of_b("");  // to an HMAC, no secret and one of zeros are the same
  CHECK(give(again, answer_to(again, std::string(link_secret_size, '\0')).bytes) == judged::unproved);
  CHECK_FALSE(is_proof("", ""));
}

TEST_CASE("what is no challenge of this version gets no answer") {
  const auto challenge = of_b().challenge();
  CHECK(is_challenge(challenge));
  for (std::size_t n = 0; n < 6; ++n) {  // magic and format
    auto changed = challenge;
    changed.at(n) ^= 1;
    CHECK_FALSE(answer(changed, secret, "node-a", "node-b", here, {}));
  }
  CHECK_FALSE(is_challenge(challenge + "x"));
  CHECK_FALSE(is_challenge(challenge.substr(1)));
  CHECK_FALSE(answer(challenge, secret, "", "node-b", here, {}));
  CHECK_FALSE(answer(challenge, secret, std::string(256, 'a'), "node-b", here, {}));
}

TEST_CASE("no two connections have one number") { CHECK(random_nonce() != random_nonce()); }
