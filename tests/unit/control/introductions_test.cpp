// Tests how often a director introduces two lives to each other.
#include "runtime/control/director.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <set>
#include <tuple>

using namespace millrace;
using namespace millrace::control;

namespace {

/// A lane, a window of two shards, one downstream of it, a sink of that, and dead letters.
std::vector<member> acquaintances() {
  return {{"table", member_kind::sink, {}, {}, 0, {}, {"v/0/0"}},
          {"dead", member_kind::sink, {}, {}, 0, {}, {"w/0/0", "w/0/1"}, true},
          {"w/0", member_kind::shard, {}, {}, 0, "w/0/0"},
          {"w/1", member_kind::shard, {}, {}, 0, "w/0/1"},
          {"v/0", member_kind::shard, {}, {}, 0, "v/0/0", {"w/0/0", "w/0/1"}},
          {"p/lane0", member_kind::lane, "p", {"dead", "w/0", "w/1"}, 1}};
}

class introductions {
public:
  explicit introductions(std::uint64_t seed) : random_(seed) {}

  void run() {
    for (int steps = 0; steps < 60; ++steps) {
      const auto& name = all_[random_() % all_.size()].name;
      note(director_.lives(name) ? director_.is_down(name) : director_.began(name, ++lives_[name]));
    }
    for (const auto& m : all_)
      if (!director_.lives(m.name))
        note(director_.began(m.name, ++lives_[m.name]));
    all_know_each_other();
  }

private:
  using lives_of_two = std::tuple<std::string, incarnation, std::string, incarnation>;

  void note(const director_effect_list& effects) {
    for (const auto& o : effects) {
      if (const auto* const s = std::get_if<director_effects::tell_sender>(&o))
        note(s->to, s->sender, s->life);
      else if (const auto* const d = std::get_if<director_effects::tell_dead_letter_sink>(&o))
        note(d->to, d->sink, d->life);
      else if (const auto* const r = std::get_if<director_effects::tell_receiver>(&o);
               r != nullptr && r->lives)
        note(r->to, r->receiver, r->life);
    }
  }
  void note(const std::string& to, const std::string& other, const life& now) {
    CHECK(director_.lives(to));
    CHECK(director_.is_present(other, now));
    INFO(to << " is told of " << other);
    CHECK(told_.insert({to, lives_[to], other, now.term}).second);
  }
  void all_know_each_other() {
    const std::vector<std::pair<std::string, std::string>> pairs{
        {"table", "v/0"}, {"table", "dead"},  {"dead", "w/0"},    {"dead", "w/1"},    {"v/0", "w/0"},
        {"v/0", "w/1"},   {"p/lane0", "w/0"}, {"p/lane0", "w/1"}, {"p/lane0", "dead"}};
    for (const auto& [to, other] : pairs) {
      INFO(to << " is to be told of " << other);
      CHECK(told_.contains({to, lives_[to], other, lives_[other]}));
    }
  }

  std::mt19937_64 random_;
  std::vector<member> all_ = acquaintances();
  director director_{all_};
  std::map<std::string, incarnation> lives_;
  std::set<lives_of_two> told_;
};

}  // namespace

TEST_CASE("two lives that work with each other are introduced once, whoever fails and begins again when") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    introductions(seed).run();
  }
}
