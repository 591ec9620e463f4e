// Messages between processes of a cluster, against a golden file, and damaged.
#include "runtime/cluster/control_log.hpp"
#include "runtime/cluster/envelope.hpp"
#include "runtime/wire/bytes.hpp"
#include "tests/support/golden_file.hpp"

#include <catch2/catch.hpp>

namespace millrace::cluster::envelope_trial {
namespace {

std::vector<envelope> envelopes_of_each() {
  const process_id a{"a", 11};
  return {
      {"clicks#0000000000000007", a, 0, signs::word{{3, 7}, 1'700'000'000'000'000}},
      {"clicks#0000000000000007", a, 12, signs::word{{3, 7}, 1'700'000'000'000'000, true}},
      {"clicks#0000000000000007", a, 12, signs::alive{5, 1'700'000'000'000'000, -1}},
      {"clicks#0000000000000007", a, 12, signs::left{5}},
      {"clicks#0000000000000007", a, 12, signs::declined{"the store is not shared"}},
      {"clicks#0000000000000007", a, 12, node_command{{3, 7}, 5, commands::start{{"t", "w/0"}, 2, 9}}},
      {"clicks#0000000000000007", a, 12, node_event(epoch_refused{{4, 1}})},
      {"clicks#0000000000000007", a, 12, signs::heard{{3, 7}}},
  };
}

std::string all_in_one() {
  wire::writer out;
  for (const auto& l : envelopes_of_each())
    out.string(encode_envelope(l));
  return out.take();
}

}  // namespace

TEST_CASE("envelopes have the bytes of the golden file, and are read from it") {
  millrace::test::check_golden("tests/unit/cluster/golden/envelopes_2.bin", all_in_one());
  for (const auto& l : envelopes_of_each())
    CHECK(decode_envelope(encode_envelope(l)).value() == l);
}

TEST_CASE("an envelope that is cut off, too long, or of nobody is refused") {
  for (const auto& l : envelopes_of_each()) {
    const auto whole = encode_envelope(l);
    for (std::size_t n = 0; n < whole.size(); ++n)
      CHECK_FALSE(decode_envelope(std::string_view(whole).substr(0, n)));
    CHECK(decode_envelope(whole + "x").error().code == ec::corrupt);
  }
  auto l = envelopes_of_each().front();
  l.from.node.clear();
  CHECK(decode_envelope(encode_envelope(l)).error().code == ec::corrupt);
  l = envelopes_of_each().front();
  l.cluster.clear();
  CHECK(decode_envelope(encode_envelope(l)).error().code == ec::corrupt);
  l.cluster = std::string(max_name_bytes + 1, 'c');
  CHECK(decode_envelope(encode_envelope(l)).error().code == ec::corrupt);
}

TEST_CASE("an envelope of a later version says so, one of a kind that is not known is damage") {
  auto bytes = encode_envelope(envelopes_of_each().front());
  bytes[0] = 3;
  CHECK(decode_envelope(bytes).error().code == ec::unsupported);
  bytes[0] = 0;
  CHECK(decode_envelope(bytes).error().code == ec::corrupt);
  wire::writer out;
  out.fixed<std::uint8_t>(2);
  out.string("c#1");
  out.string("a");
  out.varint(11);
  out.varint(0);
  out.fixed<std::uint8_t>(6);
  CHECK(decode_envelope(out.take()).error().code == ec::corrupt);
}

TEST_CASE("an epoch that no life can be is damage, and a reason is cut") {
  envelope l{"c#1", {"a", 1}, 0, signs::word{{incarnation{1} << 41, 0}, 0}};
  CHECK_FALSE(decode_envelope(encode_envelope(l)));
  l.what = signs::word{{1, most_counts + 1}, 0};
  CHECK_FALSE(decode_envelope(encode_envelope(l)));
  l.what = signs::declined{std::string(max_text_bytes + 5, 'w')};
  CHECK(decode_envelope(encode_envelope(l)).value().what ==
        decltype(l.what)(signs::declined{std::string(max_text_bytes, 'w')}));
}

}  // namespace millrace::cluster::envelope_trial
