// Arbitrary bytes as a node's hello: refused, or a hello that encodes to what is read as the same, and that a
// node judges for one reason or meets by a wire version that both speak.
#include "runtime/link/meeting.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  using fuzz::require;
  const auto h = link::decode_hello({reinterpret_cast<const char*>(data), size});
  if (!h)
    return 0;
  require(link::is_well_formed(*h), "what was read is well formed");
  require(link::decode_hello(link::encode_hello(*h)) == *h, "a hello that was read is read again");
  const link::hello mine{"c", "a", {1, 1}, {}, {1, 3}, {}, 0, "A"};
  const std::vector<link::known_node> known{{"b", 5, "B"}};
  const auto met = link::meet(mine, *h, known);
  if (!met) {
    require(!met.error().message.empty(), "a refusal has a reason");
    return 0;
  }
  require(h->cluster == mine.cluster && h->node != mine.node && h->caf_node != mine.caf_node,
          "nodes of two clusters, of one name or of one CAF node id do not meet");
  require(met->version >= 1 && met->version <= 3 && met->version >= h->wire.lowest &&
              met->version <= h->wire.highest,
          "the wire version is one that both speak");
  return 0;
}
