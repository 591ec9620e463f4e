// Arbitrary bytes from the peer of a node without TLS, at either end: they prove nothing, the next wanted
// size is bounded, and only a challenge of this version gets an answer.
#include "runtime/link/proof.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  using fuzz::require;
  const std::string_view all{reinterpret_cast<const char*>(data), size};
  const std::string secret(link::link_secret_size, 's');
  link::doorkeeper door(secret, "b", "127.0.0.1 1", {});
  auto judged = link::doorkeeper::judged::more;
  for (auto rest = all; judged == link::doorkeeper::judged::more && rest.size() >= door.wants();) {
    require(door.wants() > 0 && door.wants() <= 255, "what a node wants next is bounded");
    const auto part = rest.substr(0, door.wants());
    rest.remove_prefix(part.size());
    judged = door.take(part);
  }
  require(judged != link::doorkeeper::judged::proved, "nobody proves itself without the secret");
  require(link::answer(all, secret, "a", "b", "127.0.0.1 1", {}).has_value() == link::is_challenge(all),
          "only a challenge gets an answer");
  return 0;
}
