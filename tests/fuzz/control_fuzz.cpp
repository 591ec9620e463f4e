// Arbitrary bytes as a base of the chain `control` and the changes after it: refused with a reason, or a
// state whose own base is read as the same; and wherever a base is written in between, the sum is the same.
#include "runtime/cluster/control_state.hpp"
#include "tests/fuzz/require.hpp"

#include <fuzzer/FuzzedDataProvider.h>

namespace {

using namespace millrace;
using namespace millrace::cluster;
using fuzz::require;

/// More would only take longer: each place of a base in between is tried.
constexpr std::size_t most_changes = 8;

void look(const error& e) { require(!e.message.empty(), "a refusal has a reason"); }

void look_at_change(const std::string& bytes) {
  const auto read = decode_change(bytes);
  if (!read)
    return look(read.error());
  const auto again = decode_change(encode_change(*read));
  require(again && *again == *read, "a change that was read is read again");
  require(!decode_base(bytes), "a change is no base");
}

void look_at_base(const std::string& bytes) {
  const auto read = decode_base(bytes);
  if (!read)
    return look(read.error());
  const auto again = decode_base(encode_base(*read));
  require(again && *again == *read, "a base that was read is read again");
  require(!decode_change(bytes), "a base is no change");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  const auto base = in.ConsumeRandomLengthString();
  std::vector<std::string> changes;
  while (in.remaining_bytes() > 0 && changes.size() < most_changes)
    changes.push_back(in.ConsumeRandomLengthString());
  look_at_base(base);
  for (const auto& bytes : changes)
    look_at_change(bytes);

  const auto all = sum_up(base, changes);
  if (!all) {
    look(all.error());
    return 0;
  }
  static_cast<void>(to_text(*all));
  for (std::size_t n = 0; n <= changes.size(); ++n) {
    const auto middle = changes.begin() + static_cast<std::ptrdiff_t>(n);
    const auto before = sum_up(base, {changes.begin(), middle});
    require(before.has_value(), "what adds up does so on its way");
    const auto sum = sum_up(encode_base(*before), {middle, changes.end()});
    require(sum && *sum == *all, "a base in between changes nothing");
  }
  return 0;
}
