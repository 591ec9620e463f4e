// Arbitrary bytes as what directors and nodes say to each other, one message after another: each is refused,
// or is read again as the same. A director hears what nodes say, and they can read all that it says of that.
#include "runtime/control/topology_director.hpp"
#include "runtime/control/topology_message_format.hpp"
#include "tests/fuzz/require.hpp"

#include <fuzzer/FuzzedDataProvider.h>

namespace {

using namespace millrace;
using namespace millrace::control;
using fuzz::require;

void look(const error& e) {
  require(!e.message.empty(), "a refusal has a reason");
  require(e.code == ec::corrupt || e.code == ec::unsupported, "it is damage, or of another version");
}

/// A lane, a shard and a sink, which live on the node a; what the director wishes for is recorded at once.
class trial {
public:
  trial() {
    take(director_.on_state(state_));
    for (const auto* const name : {"p/lane0", "w/0/0", "t"})
      take(director_.on_message("a", actor_began{"clicks", name, 1}));
  }

  void hear(const to_director& m) { take(director_.on_message("a", m)); }

private:
  struct recorder {
    cluster::topology_state& s;
    void operator()(const cluster::records::verdict_given& r) const { s.verdicts[{r.log, r.at}] = r.error; }
    void operator()(const cluster::records::partition_started& r) const {
      s.starts[{r.parser, r.partition}] = {r.log, r.start, r.lane};
    }
    void operator()(const auto&) const {}
  };

  void take(const topology_effect_list& all) {
    bool is_new = false;
    for (const auto& d : all)
      if (const auto* const s = std::get_if<topology_effects::send>(&d)) {
        const auto bytes = encode_to_node(s->what);
        const auto read = decode_to_node(bytes);
        require(read && encode_to_node(*read) == bytes, "what a director says can be read");
      } else if (const auto* const w = std::get_if<topology_effects::wish>(&d)) {
        std::visit(recorder{state_}, w->what);
        is_new = true;
      }
    if (is_new)
      take(director_.on_state(state_));
  }

  cluster::topology_state state_;
  topology_director director_{
      {"t",
       {{"t", member_kind::sink, {}, {}, 0, {}, {"w/0/0"}},
        {"w/0/0", member_kind::shard, {}, {}, 0, "w/0/0"},
        {"p/lane0", member_kind::lane, "p", {"w/0/0", "t"}, 1}},
       [](const std::string& parser, const std::string& partition) { return parser + "/" + partition; }}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  trial of;
  while (in.remaining_bytes() > 0) {
    const auto bytes = in.ConsumeRandomLengthString();
    const auto to_node = decode_to_node(bytes);
    const auto to_boss = decode_to_director(bytes);
    require(!to_node || !to_boss, "it goes one way");
    if (to_node) {
      require(decode_to_node(encode_to_node(*to_node)) == *to_node, "a message that was read is read again");
    } else if (to_boss) {
      const auto again = encode_to_director(*to_boss);
      const auto read = decode_to_director(again);
      require(read && encode_to_director(*read) == again, "a message that was read is read again");
      of.hear(*to_boss);
    } else {
      look(to_node.error());
      look(to_boss.error());
    }
  }
  return 0;
}
