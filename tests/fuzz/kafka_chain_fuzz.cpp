// Arbitrary bytes as messages of a topic that chains lie in: no key or value is read as another one than it
// was made of. And arbitrary records of several lives, pieces and tombstones in any order: they are refused
// with a reason, or restored, and then a higher life goes on from just that.
#include "actors/node/stores/kafka/follower.hpp"
#include "actors/node/stores/kafka/view.hpp"
#include "tests/fuzz/require.hpp"

#include <fuzzer/FuzzedDataProvider.h>

namespace {

using namespace millrace;
using namespace millrace::kafka_chain;
using fuzz::require;

constexpr int most_messages = 40;
const std::string prefix = prefix_of({"clicks", "w/0"});

void look_at_bytes(const std::string& key, const std::string& value, std::uint32_t piece) {
  if (const auto split = decode_key(key))
    require(encode_key(split->prefix, split->key) == key, "a key that was read is made again");
  if (const auto p = decode_value(piece, value)) {
    require(p->payload.size() < value.size(), "a payload lies in its value");
    require(p->digest.checksum.has_value() == (piece + 1 == p->digest.pieces),
            "the last piece has a checksum");
  }
  (void)see(1, key, value);
}

record_name any_name(FuzzedDataProvider& in) {
  const auto term = in.ConsumeIntegralInRange<incarnation>(1, 3);
  const auto count = in.ConsumeIntegralInRange<std::uint32_t>(0, 2);
  const auto kind = in.PickValueInArray({record_kind::opening, record_kind::increment, record_kind::base});
  const auto least = kind == record_kind::opening ? 0U : 1U;
  return {{{term, count}, 1}, in.ConsumeIntegralInRange<std::uint64_t>(least, 5), kind};
}

/// A record, some of its pieces, a damaged one, or a tombstone.
std::vector<message> any_messages(FuzzedDataProvider& in) {
  const auto name = any_name(in);
  auto all = cut(prefix, name, in.ConsumeRandomLengthString(12), 3);
  const auto at = in.ConsumeIntegralInRange<std::size_t>(0, all.size() - 1);
  switch (in.ConsumeIntegralInRange<int>(0, 7)) {
  case 0:
    all[at].value.reset();
    break;
  case 1:
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(at));
    break;
  case 2:
    (*all[at].value)[in.ConsumeIntegralInRange<std::size_t>(0, all[at].value->size() - 1)] ^= 1;
    break;
  case 3:
    all[at].value = in.ConsumeRandomLengthString(20);
    break;
  default:
    break;
  }
  return all;
}

void feed(view& to, const std::vector<message>& all) {
  for (std::uint64_t at = 0; at < all.size(); ++at)
    if (const auto seen = see(at, all[at].key, all[at].value))
      to.take(seen->what, seen->payload);
}

void look_at_records(FuzzedDataProvider& in) {
  std::vector<message> all;
  while (in.remaining_bytes() > 0 && all.size() < most_messages)
    for (auto& m : any_messages(in))
      all.push_back(std::move(m));
  view seen(prefix);
  feed(seen, all);
  require(seen.keys_before(all.size()).size() <= all.size(), "a message has one key");
  const auto before = seen.restore("here");
  if (!before) {
    require(before.error().code == ec::corrupt && !before.error().message.empty(), "a refusal has a reason");
    return;
  }
  const writer_id next{{9, 0}, 1};
  all.push_back(cut(prefix, {next, 0, record_kind::opening}, "").front());
  all.push_back(cut(prefix, {next, before->contents.sequence + 1, record_kind::increment}, "next").front());
  view again(prefix);
  feed(again, all);
  const auto after = again.restore("here");
  require(after.has_value(), "a chain that was restored goes on");
  auto wanted = before->contents.increments;
  wanted.emplace_back("next");
  require(after->contents.base == before->contents.base && after->contents.increments == wanted,
          "a chain goes on from what was restored");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  if (in.ConsumeBool()) {
    look_at_records(in);
    return 0;
  }
  const auto piece = in.ConsumeIntegralInRange<std::uint32_t>(0, 3);
  auto key = in.ConsumeRandomLengthString();
  if (in.ConsumeBool())  // random bytes never have the checksum
    key = encode_key(key, {any_name(in), piece});
  look_at_bytes(key, in.ConsumeRemainingBytesAsString(), piece);
  return 0;
}
