// The index of replayed records in a topology's chains, as anybody may have left it there: decoding reads nothing
// outside the bytes, refuses with a reason, and what it takes is written and read back as the same.
#include "actors/stream/replay/stored_batches.hpp"
#include "tests/fuzz/require.hpp"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto all = replay::decode_entries(bytes);
  if (!all) {
    fuzz::require(!all.error().message.empty(), "what is refused has a reason");
    return 0;
  }
  const auto again = replay::decode_entries(replay::encode_entries(*all));
  fuzz::require(again && *again == *all, "entries are read back");
  return 0;
}
