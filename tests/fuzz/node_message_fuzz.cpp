// Arbitrary bytes as what a coordinator and a node send each other, one message after another: each is
// refused with a reason, or is read again as the same. A node obeys the commands, a coordinator takes the
// events, and all that either says of it is a message that the other can read.
#include "runtime/cluster/coordinator.hpp"
#include "runtime/cluster/envelope.hpp"
#include "runtime/cluster/node_agent.hpp"
#include "runtime/cluster/node_message_format.hpp"
#include "tests/fuzz/require.hpp"

#include <fuzzer/FuzzedDataProvider.h>

namespace {

using namespace millrace;
using namespace millrace::cluster;
using fuzz::require;

constexpr epoch first{1, 7};
constexpr std::uint64_t instance = 11;

void look(const error& e) {
  require(!e.message.empty(), "a refusal has a reason");
  require(e.code == ec::corrupt || e.code == ec::unsupported, "it is damage, or of a later version");
}

class node_trial {
public:
  node_trial() {
    obey({first, 0, commands::welcome{instance, 1}});
    obey({first, 1, commands::start{{"t", "lane0"}, 1, 1}});
  }

  void obey(const node_command& c) {
    const auto highest = agent_.highest_epoch();
    for (const auto& effect : agent_.on_command(c))
      if (const auto* const said = std::get_if<agent_effects::tell>(&effect))
        require(decode_event(encode_event(said->what)) == said->what, "what a node says can be read");
    require(agent_.highest_epoch() >= highest, "a node's epoch rises");
    require(agent_.session() == 1, "a node's session stays");
  }

private:
  node_agent agent_{"a", instance, 4, 1};
};

/// It leads the nodes a and b; t has two lanes.
class coordinator_trial {
public:
  coordinator_trial() {
    take(boss_.begin("c", 1, now_));
    for (const auto* const node : {"a", "b"}) {
      obey(registration{node, instance, 0, 4, 1});
      obey(registration{node, instance, boss_.state().nodes.at(node).session, 4, 1});
    }
    records::topology_applied lanes{"t", "p", 0, {}};
    for (const auto* const name : {"lane0", "lane1"})
      lanes.actors.push_back({name, actor_kind::lane, "p"});
    take(boss_.on_request(1, lanes, now_));
  }

  void obey(const node_event& e) {
    now_.running += micros(100'000);
    now_.wall += 100'000;
    std::visit([this](const auto& said) { hear(said); }, e);
    take(boss_.tick(now_));
  }

private:
  void hear(const registration& r) { take(boss_.on_registered(r, now_)); }
  void hear(const life_began& e) { take(boss_.on_life_began("a", e, now_)); }
  void hear(const life_ended& e) { take(boss_.on_life_ended("a", e, now_)); }
  void hear(const epoch_refused& e) { take(boss_.on_higher_epoch(e.highest, now_)); }

  /// Carries them out; each append counts at once.
  void take(coordinator_effect_list all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto d = all[i];
      if (const auto* const s = std::get_if<coordinator_effects::send>(&d))
        require(decode_command(encode_command(s->what)) == s->what, "what a coordinator says can be read");
      else if (const auto* const a = std::get_if<coordinator_effects::append>(&d)) {
        require(decode_change(encode_change(a->what)) == a->what, "what is recorded can be read");
        add(all, boss_.on_appended(a->number, append_outcome::acknowledged, now_));
      } else if (const auto* const b = std::get_if<coordinator_effects::write_base>(&d)) {
        require(decode_base(encode_base(boss_.state())) == boss_.state(), "a base can be read");
        add(all, boss_.on_appended(b->number, append_outcome::acknowledged, now_));
      }
    }
  }
  static void add(coordinator_effect_list& all, const coordinator_effect_list& more) {
    all.insert(all.end(), more.begin(), more.end());
  }

  moment now_{micros(1), 1};
  coordinator boss_{first, {}, now_};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  node_trial node;
  coordinator_trial boss;
  while (in.remaining_bytes() > 0) {
    const auto bytes = in.ConsumeRandomLengthString();
    const auto c = decode_command(bytes);
    const auto e = decode_event(bytes);
    require(!c || !e, "a command is no event");
    if (const auto l = decode_envelope(bytes))
      require(decode_envelope(encode_envelope(*l)) == *l, "an envelope that was read is read again");
    else
      look(l.error());
    if (c) {
      require(decode_command(encode_command(*c)) == *c, "a command that was read is read again");
      node.obey(*c);
    } else if (e) {
      require(decode_event(encode_event(*e)) == *e, "an event that was read is read again");
      boss.obey(*e);
    } else {
      look(c.error());
      look(e.error());
    }
  }
  return 0;
}
