// The bytes of `control`, against golden files, and damaged.
#include "tests/support/golden_file.hpp"
#include "tests/unit/cluster/control_examples.hpp"

#include <set>

namespace millrace::cluster::control_format_trial {

using test::one_of_each;
using test::state_of;

TEST_CASE("a change with each kind of record is the golden one, byte for byte, and is read back") {
  std::set<std::size_t> kinds;
  for (const auto& r : one_of_each())
    kinds.insert(r.index());
  REQUIRE(kinds.size() == std::variant_size_v<record>);
  const auto bytes = encode_change(one_of_each());
  millrace::test::check_golden("tests/unit/cluster/golden/change_6.bin", bytes);
  CHECK(decode_change(bytes) == one_of_each());
}

TEST_CASE("a base of control is the golden one, byte for byte, and is read back") {
  const auto s = state_of(one_of_each());
  const auto bytes = encode_base(s);
  millrace::test::check_golden("tests/unit/cluster/golden/base_6.bin", bytes);
  CHECK(decode_base(bytes) == s);
  CHECK(s.topologies.at("fourth").is_paused);
  CHECK(s.topologies.at("third").first_generation == 6);
  CHECK(s.topologies.at("third").begins_anew);
  CHECK(s.topologies.at("clicks").actors.at("w/0").crashes.size() == 1);
  CHECK(s.topologies.at("clicks").actors.at("w/0").unexplained);
}

TEST_CASE("a base and what follows it add up to what all changes do") {
  const auto all = one_of_each();
  for (std::size_t n = 0; n <= all.size(); ++n) {
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(n);
    const auto before = state_of(change(all.begin(), middle));
    CHECK(sum_up(encode_base(before), {encode_change(change(middle, all.end()))}) == state_of(all));
    CHECK(sum_up("", {encode_change(change(all.begin(), middle)),
                      encode_change(change(middle, all.end()))}) == state_of(all));
  }
}

TEST_CASE("a base keeps the first generation of a topology where nothing was removed") {
  const auto s = state_of({records::founded{"c", 1}, records::topology_applied{"t", "{}", 65, {}}});
  REQUIRE(s.removed.empty());
  CHECK(decode_base(encode_base(s)) == s);
}

TEST_CASE("what is cut is refused; a changed byte is refused or is another value of the same bytes") {
  const auto whole = encode_change(one_of_each());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CHECK(decode_change(whole.substr(0, n)).error().code == ec::corrupt);
    for (const auto bit : {1, 16, 128}) {
      auto changed = whole;
      changed[n] = static_cast<char>(changed[n] ^ bit);
      const auto back = decode_change(changed);
      if (back)
        CHECK(decode_change(encode_change(*back)) == *back);
    }
  }
  CHECK(decode_change(whole + "x").error().code == ec::corrupt);
  const auto base = encode_base(state_of(one_of_each()));
  for (std::size_t n = 0; n < base.size(); ++n)
    CHECK(decode_base(base.substr(0, n)).error().code == ec::corrupt);
  CHECK(decode_base(base + "x").error().code == ec::corrupt);
}

TEST_CASE("a change is no base, another format is named, and counts from outside reserve nothing") {
  CHECK(decode_base(encode_change({})).error().code == ec::corrupt);
  CHECK(decode_change(encode_base({})).error().code == ec::corrupt);
  auto later = encode_change({});
  later[0] = 9;
  CHECK(decode_change(later).error().code == ec::unsupported);
  for (const auto* const remedy : {"run the later version on this node", "restore a copy of the store",
                                   "begin anew with an empty store and a new state folder (--state)"})
    CHECK(decode_change(later).error().message.find(remedy) != std::string::npos);
  later[0] = 3;
  CHECK(decode_change(later).error().message.find("format 3, that of an earlier build") != std::string::npos);
  later[0] = 9;
  const std::string most("\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
  CHECK(decode_change(encode_change({}).substr(0, 2) + most).error().code == ec::corrupt);
  CHECK(decode_change(std::string(max_change_bytes + 1, '\1')).error().code == ec::corrupt);
  CHECK(sum_up(later, {}).error().code == ec::unsupported);
  CHECK(sum_up("", {later}).error().code == ec::unsupported);
}

TEST_CASE("kinds that are not known, and keys of a map that do not ascend, are refused") {
  auto unknown = encode_change({records::finished{"t"}});
  unknown[3] = 99;
  CHECK(decode_change(unknown).error().code == ec::corrupt);
  auto actor = encode_change({records::topology_applied{"t", "", 1, {{"x", actor_kind::sink}}}});
  const auto kind = actor.find('x') + 1;
  REQUIRE(actor[kind] == 2);
  actor[kind] = 3;
  CHECK(decode_change(actor).error().code == ec::corrupt);
  control_state s;
  s.nodes["a"] = {1, 2};
  s.nodes["b"] = {1, 2};
  auto twice = encode_base(s);
  twice[twice.rfind('b')] = 'a';
  CHECK(decode_base(twice).error().code == ec::corrupt);
}

}  // namespace millrace::cluster::control_format_trial
