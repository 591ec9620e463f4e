// Tests how one topology is directed over nodes: who is told what, and what is recorded first.
#include "runtime/control/topology_director.hpp"
#include "tests/support/those.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace millrace::control {
namespace {

using millrace::test::those;
using strings = std::vector<std::string>;

/// A lane on node a, a shard on node b, two sinks.
topology_director_options options() {
  return {"clicks",
          {{"raw", member_kind::sink},
           {"dead", member_kind::sink, {}, {}, 0, {}, {"w/0/0"}, true},
           {"w/0/0", member_kind::shard, {}, {}, 0, "w/0/0"},
           {"p/lane0", member_kind::lane, "p", {"w/0/0", "raw", "dead"}, 1},
           {"p/lane1", member_kind::lane, "p", {"w/0/0", "raw", "dead"}, 1}},
          [](const std::string& parser, const std::string& partition) { return parser + "/" + partition; }};
}

const std::map<std::string, std::string> nodes{
    {"raw", "a"}, {"dead", "b"}, {"w/0/0", "b"}, {"p/lane0", "a"}, {"p/lane1", "c"}};

topology_director running() {
  topology_director d(options());
  static_cast<void>(d.on_state({}));
  for (const auto& [actor, node] : nodes)
    static_cast<void>(d.on_message(node, actor_began{"clicks", actor, 7}));
  return d;
}

template<class Order>
struct told {
  std::string node;
  life to;
  std::string other;
  Order what;
};
template<class Order>
std::vector<told<Order>> all_told(const topology_effect_list& all) {
  std::vector<told<Order>> out;
  for (const auto& s : those<topology_effects::send>(all))
    if (const auto* const t = std::get_if<actor_told>(&s.what))
      if (const auto* const o = std::get_if<Order>(&t->what))
        out.push_back({s.node, t->to, t->node, *o});
  return out;
}

template<class Record>
std::vector<Record> wished(const topology_effect_list& all) {
  std::vector<Record> out;
  for (const auto& w : those<topology_effects::wish>(all))
    if (const auto* const r = std::get_if<Record>(&w.what))
      out.push_back(*r);
  return out;
}

std::vector<life_prepared> prepared(const topology_effect_list& all) {
  std::vector<life_prepared> out;
  for (const auto& s : those<topology_effects::send>(all))
    if (const auto* const p = std::get_if<life_prepared>(&s.what))
      out.push_back(*p);
  return out;
}

topology_effect_list began(topology_director& d, const std::string& actor, const life& now,
                           const std::string& node) {
  return d.on_message(node, actor_began{"clicks", actor, now});
}
topology_effect_list over(topology_director& d, const std::string& actor, const life& last) {
  return d.on_message("a", actor_over{"clicks", actor, last});
}

to_director said(actor_news n) { return actor_said{"clicks", std::move(n)}; }

TEST_CASE("what control says of a pause reaches every lane, under a later director too") {
  cluster::topology_state paused;
  paused.is_paused = true;
  auto d = running();
  const auto told = all_told<director_effects::tell_paused>(d.on_state(paused));
  REQUIRE(told.size() == 2);
  CHECK(told[0].node == "a");
  CHECK(told[0].what == director_effects::tell_paused{"p/lane0", true});
  CHECK(d.on_state(paused).empty());
  CHECK(all_told<director_effects::tell_paused>(d.on_state({})).size() == 2);
  topology_director later(options());
  static_cast<void>(later.on_state(paused));
  CHECK(all_told<director_effects::tell_paused>(began(later, "p/lane0", 7, "a")).at(0).what.is_paused);
  // A lane that a former director has told of a pause hears from the next one that there is none any more.
  topology_director last(options());
  static_cast<void>(last.on_state({}));
  CHECK_FALSE(all_told<director_effects::tell_paused>(began(last, "p/lane0", 7, "a")).at(0).what.is_paused);
}

TEST_CASE("a lane hears in whose work processes have ended; its record is given up where its parser says so, "
          "and is recorded first") {
  const attempt alone{"p/0", {0, 5}, {0, 6}, 1, position{0, 5}};
  cluster::topology_state s;
  for (const auto process : {1U, 2U, 3U})
    s.actors["p/lane0"].crashes.push_back({"b", process, 11, alone});
  topology_director retries(options());
  static_cast<void>(retries.on_state(s));
  const auto told = prepared(retries.on_message("a", prepare_life{"clicks", "p/lane0", 4}));
  REQUIRE(told.size() == 1);
  CHECK(told[0].crashed == std::vector{alone, alone, alone});
  CHECK(told[0].verdicts.empty());

  auto giving_up = options();
  giving_up.give_up_crashes = {"p/lane0"};
  topology_director d(giving_up);
  static_cast<void>(d.on_state(s));
  const auto out = d.on_message("a", prepare_life{"clicks", "p/lane0", 4});
  CHECK(prepared(out).empty());
  const auto wishes = wished<cluster::records::verdict_given>(out);
  REQUIRE(wishes.size() == 1);
  CHECK(wishes[0].at == position{0, 5});
  CHECK(wishes[0].error ==
        "has ended its process 3 times and was given up: node b, SIGSEGV (Segmentation fault)");
  s.verdicts[{"p/0", {0, 5}}] = wishes[0].error;
  s.actors["p/lane0"].crashes.clear();
  const auto then = prepared(d.on_state(s));
  REQUIRE(then.size() == 1);
  CHECK(then[0].crashed.empty());
  CHECK(then[0].verdicts.size() == 1);
}

TEST_CASE("a restart goes to the nodes of those that are meant") {
  auto d = running();
  const auto told = all_told<director_effects::restart>(d.restart("w"));
  REQUIRE(told.size() == 1);
  CHECK(told[0].node == "b");
  CHECK(told[0].what == director_effects::restart{"w/0/0"});
  CHECK(d.restart("nobody").empty());
}

TEST_CASE("who begins is introduced to the others, each at its node, with the node of the other") {
  topology_director d(options());
  CHECK(began(d, "w/0/0", 3, "b").empty());
  const auto out = began(d, "p/lane0", 4, "a");
  const auto receivers = all_told<director_effects::tell_receiver>(out);
  REQUIRE(receivers.size() == 3);
  CHECK(receivers[0].node == "a");
  CHECK(receivers[0].to == life(4));
  CHECK(receivers[0].other == "b");
  CHECK(receivers[0].what == director_effects::tell_receiver{"p/lane0", 0, "w/0/0", true, 3});
  CHECK(receivers[1].other.empty());  // raw does not live
  CHECK_FALSE(receivers[1].what.lives);
  const auto senders = all_told<director_effects::tell_sender>(began(d, "dead", 5, "c"));
  REQUIRE(senders.size() == 1);
  CHECK(senders[0].node == "c");
  CHECK(senders[0].other == "b");
  CHECK(senders[0].what == director_effects::tell_sender{"dead", "w/0/0", "w/0/0", 3});
}

TEST_CASE("an actor that comes back elsewhere is detached, and introduced where it is then") {
  auto d = running();
  const auto left = all_told<director_effects::tell_receiver>(over(d, "w/0/0", 7));
  REQUIRE(left.size() == 2);
  CHECK(left[0].node == "a");
  CHECK(left[1].node == "c");
  CHECK_FALSE(left[0].what.lives);
  CHECK(over(d, "w/0/0", 7).empty());
  const auto again = all_told<director_effects::tell_receiver>(began(d, "w/0/0", 9, "c"));
  REQUIRE(again.size() == 2);
  CHECK(again[0].other == "c");
  CHECK(again[0].what.life == life(9));
  CHECK(over(d, "w/0/0", 7).empty());        // its predecessor's end
  CHECK(began(d, "w/0/0", 7, "b").empty());  // and its predecessor's beginning, late
  CHECK(began(d, "somebody else", 12, "b").empty());
}

TEST_CASE("a further life under the same term is introduced as one that was down") {
  auto d = running();
  const auto out = all_told<director_effects::tell_receiver>(began(d, "raw", {7, 1}, "a"));
  REQUIRE(out.size() == 4);
  CHECK_FALSE(out[0].what.lives);
  CHECK(out[2].what.lives);
  CHECK(out[2].what.life == life(7, 1));
}

TEST_CASE("an actor that has another place lives no more where it was, whatever that node says") {
  auto d = running();
  cluster::topology_state s;
  s.actors["w/0/0"].at = cluster::place{"b", 1, 7, 1};
  CHECK(d.on_state(s).empty());
  s.actors["w/0/0"].at = cluster::place{"c", 2, 9, 1};
  const auto left = all_told<director_effects::tell_receiver>(d.on_state(s));
  REQUIRE(left.size() == 2);
  CHECK_FALSE(left[0].what.lives);
  CHECK(d.on_state(s).empty());
  CHECK(all_told<director_effects::tell_receiver>(began(d, "w/0/0", 9, "c")).size() == 2);
  CHECK(d.on_state(s).empty());
}

TEST_CASE("a life whose successor has a place already is not introduced, and its failure fails nothing") {
  topology_director d(options());
  cluster::topology_state s;
  s.actors["p/lane0"].at = cluster::place{"b", 1, 8, 1};
  CHECK(d.on_state(s).empty());
  CHECK(began(d, "w/0/0", 3, "b").empty());
  CHECK(began(d, "p/lane0", {4, 1}, "a").empty());
  const error why{ec::log_trimmed, fault::outside, false, "what it reads is gone", "p"};
  CHECK(d.on_message("a", said(messages::stage_failed{"p/lane0", {4, 1}, why})).empty());
  CHECK_FALSE(began(d, "p/lane0", 8, "b").empty());
  s.actors["raw"];  // its place is not known yet
  CHECK(d.on_state(s).empty());
  CHECK_FALSE(began(d, "raw", 9, "b").empty());
  CHECK_FALSE(d.on_message("b", said(messages::stage_failed{"p/lane0", 8, why})).empty());
}

TEST_CASE("a life that its node tells of again is introduced again, with what it was told of the end") {
  auto d = running();
  const auto again = began(d, "w/0/0", 7, "b");
  CHECK(all_told<director_effects::tell_receiver>(again).size() == 2);
  CHECK(all_told<director_effects::tell_sender>(again).size() == 1);
  CHECK(all_told<director_effects::collect>(again).empty());
  static_cast<void>(d.report());
  CHECK(all_told<director_effects::collect>(began(d, "w/0/0", 7, "b")).size() == 1);
  cluster::topology_state s;
  s.status = cluster::topology_status::stopping;
  static_cast<void>(d.reports_are_due(1));
  static_cast<void>(d.on_state(s));
  static_cast<void>(d.reports_are_due(2));
  CHECK(all_told<director_effects::stop>(began(d, "p/lane0", 7, "a")).size() == 1);
  CHECK(all_told<director_effects::stop>(began(d, "w/0/0", 7, "b")).empty());
}

TEST_CASE("lanes begin at the lowest position until all have lived at once, then at the furthest") {
  using how = delivery::lane_log::start;
  topology_director d(options());
  auto p = prepared(d.on_message("a", prepare_life{"clicks", "p/lane0", 4}));
  REQUIRE(p.size() == 1);
  CHECK(p[0] == life_prepared{"clicks", "p/lane0", 4, how::at_lowest});
  auto r = running();
  p = prepared(r.on_message("a", prepare_life{"clicks", "p/lane0", 8}));
  REQUIRE(p.size() == 1);
  CHECK(p[0].how == how::at_furthest);
  CHECK(prepared(r.on_message("a", prepare_life{"clicks", "nobody", 8})).empty());
}

TEST_CASE("records that are given up are recorded before the next life begins") {
  auto d = running();
  const delivery::verdict v{"p/0", {0, 5}, "made it fail"};
  const auto out = d.on_message("a", prepare_life{"clicks", "p/lane0", {7, 1}, {v}, {{"p/0", {0, 2}}}});
  CHECK(prepared(out).empty());
  CHECK(wished<cluster::records::verdict_given>(out) ==
        std::vector<cluster::records::verdict_given>{{"clicks", "p/0", {0, 5}, "made it fail"}});
  CHECK(wished<cluster::records::verdicts_settled>(out).size() == 1);
  CHECK(prepared(d.on_state({})).empty());
  cluster::topology_state s;
  s.verdicts[{"p/0", {0, 5}}] = "made it fail";
  const auto then = prepared(d.on_state(s));
  REQUIRE(then.size() == 1);
  CHECK(then[0].next == life(7, 1));
  CHECK(then[0].verdicts == std::vector<delivery::verdict>{v});
  CHECK(prepared(d.on_state(s)).empty());
}

TEST_CASE("a partition that was found is recorded before anybody hears of it, each for another lane") {
  auto d = running();
  const auto find = [&](const std::string& partition) {
    return wished<cluster::records::partition_started>(
        d.on_message("a", said(messages::partition_found{"p/lane0", 7, partition, {0, 3}})));
  };
  const auto first = find("1");
  REQUIRE(first.size() == 1);
  CHECK(first[0] ==
        cluster::records::partition_started{"clicks", "p", "1", "p/1", {{0, 3}, no_watermark}, "p/lane0"});
  CHECK(find("1") == first);  // said again by the lane's next look
  const auto second = find("2");
  REQUIRE(second.size() == 1);
  CHECK(second[0].lane == "p/lane1");
  cluster::topology_state s;
  s.starts[{"p", "1"}] = {"p/1", {{0, 3}, no_watermark}, "p/lane0"};
  const auto out = d.on_state(s);
  CHECK(all_told<director_effects::tell_log>(out).size() == 3);
  const auto readers = all_told<director_effects::tell_partition>(out);
  REQUIRE(readers.size() == 2);
  CHECK(readers[1].node == "c");
  CHECK(readers[1].what.reader == "p/lane0");
  CHECK(d.on_state(s).empty());
  CHECK(find("1").empty());
  // Later lives begin with it: the lane, and its receivers.
  CHECK(prepared(d.on_message("c", prepare_life{"clicks", "p/lane1", 8})).front().found.size() == 1);
  CHECK(prepared(d.on_message("b", prepare_life{"clicks", "w/0/0", 8})).front().found.size() == 1);
}

TEST_CASE("a life that was prepared before a partition was found hears of it when it begins") {
  auto d = running();
  static_cast<void>(over(d, "raw", 7));
  static_cast<void>(over(d, "p/lane1", 7));
  CHECK(prepared(d.on_message("a", prepare_life{"clicks", "raw", 8})).front().found.empty());
  CHECK(prepared(d.on_message("c", prepare_life{"clicks", "p/lane1", 8})).front().found.empty());
  cluster::topology_state s;
  s.starts[{"p", "1"}] = {"p/1", {{0, 3}, no_watermark}, "p/lane1"};
  static_cast<void>(d.on_state(s));
  const auto logs = all_told<director_effects::tell_log>(began(d, "raw", 8, "a"));
  REQUIRE(logs.size() == 1);
  CHECK(logs[0].to == life(8));
  CHECK(logs[0].what.log == "p/1");
  const auto partitions = all_told<director_effects::tell_partition>(began(d, "p/lane1", 8, "c"));
  REQUIRE(partitions.size() == 1);
  CHECK(partitions[0].what.reader == "p/lane1");
}

TEST_CASE("a partition that an earlier plan's lane had found, and the plan has, is nobody's but its lane's") {
  auto o = options();
  o.planned = {{"p", "1"}};
  topology_director d(std::move(o));
  cluster::topology_state s;
  s.starts[{"p", "1"}] = {"p/1", {{0, 3}, no_watermark}, "p/lane1"};
  CHECK(d.on_state(s).empty());
  CHECK(prepared(d.on_message("b", prepare_life{"clicks", "raw", 8})).front().found.empty());
  CHECK(all_told<director_effects::tell_partition>(began(d, "p/lane1", 8, "c")).empty());
}

TEST_CASE("what an earlier coordinator has recorded is known to the next one's director") {
  topology_director d(options());
  cluster::topology_state s;
  s.starts[{"p", "1"}] = {"p/1", {{0, 3}, no_watermark}, "p/lane1"};
  CHECK(d.on_state(s).empty());  // nobody lives yet that could be told
  CHECK(prepared(d.on_message("b", prepare_life{"clicks", "raw", 8})).front().found.front().lane ==
        "p/lane1");
}

TEST_CASE("once all receivers have everything, all report, stop in order, and the end is recorded") {
  auto d = running();
  topology_effect_list out;
  for (const auto* const name : {"raw", "dead", "w/0/0"})
    out = d.on_message("a", said(messages::completed{name, 7}));
  CHECK(all_told<director_effects::collect>(out).size() == 3);
  for (const auto* const name : {"raw", "dead", "w/0/0"}) {
    messages::report_part part;
    part.actor = name;
    part.life = 7;
    out = d.on_message("a", said(part));
  }
  REQUIRE(those<topology_effects::give_report>(out).size() == 1);
  CHECK(those<topology_effects::give_report>(out).front().parts.size() == 3);
  const std::vector<strings> phases{{"p/lane0", "p/lane1"}, {"w/0/0"}, {"dead", "raw"}};
  for (const auto& phase : phases) {
    strings stops;
    for (const auto& s : all_told<director_effects::stop>(out)) {
      stops.push_back(s.what.who);
      CHECK(s.node == nodes.at(s.what.who));
    }
    CHECK(stops == phase);
    CHECK(wished<cluster::records::finished>(out).empty());
    for (const auto& name : phase)
      out = d.on_message("a", said(messages::stopped{name, 7}));
  }
  CHECK(wished<cluster::records::finished>(out).size() == 1);
  REQUIRE(those<topology_effects::ended>(out).size() == 1);
  CHECK(those<topology_effects::ended>(out).front().finished);
  CHECK(those<topology_effects::ended>(out).front().parts.size() == 3);
  CHECK(d.on_message("a", said(messages::stopped{"raw", 7})).empty());
  cluster::topology_state s;
  s.status = cluster::topology_status::finished;
  CHECK(d.on_state(s).empty());  // told once
  CHECK(d.report().empty());
}

TEST_CASE("a stop that was asked for ends it without the end of its sources; who is silent is left behind") {
  auto d = running();
  cluster::topology_state s;
  s.status = cluster::topology_status::stopping;
  auto out = d.on_state(s);
  const auto wait = those<topology_effects::wait_for_reports>(out);
  REQUIRE(wait.size() == 1);
  out = d.reports_are_due(wait.front().number);
  for (int phase = 0; phase < 3; ++phase) {
    const auto due = those<topology_effects::wait_for_stops>(out);
    REQUIRE(due.size() == 1);
    out = d.stops_are_due(due.front().number);
    CHECK_FALSE(those<topology_effects::warn>(out).empty());
  }
  REQUIRE(those<topology_effects::ended>(out).size() == 1);
  CHECK_FALSE(those<topology_effects::ended>(out).front().finished);
  CHECK(wished<cluster::records::finished>(out).size() == 1);
}

TEST_CASE("an actor that cannot go on fails the topology, by its name") {
  auto d = running();
  const error why{ec::refused, fault::outside, false, "the table is gone", {}};
  auto out = d.on_message("a", said(messages::stage_failed{"raw", 7, why}));
  for (int phase = 0; phase < 4 && those<topology_effects::ended>(out).empty(); ++phase) {
    if (const auto r = those<topology_effects::wait_for_reports>(out); !r.empty())
      out = d.reports_are_due(r.front().number);
    else
      out = d.stops_are_due(those<topology_effects::wait_for_stops>(out).front().number);
  }
  CHECK(wished<cluster::records::topology_failed>(out) ==
        std::vector<cluster::records::topology_failed>{{"clicks", "raw", "the table is gone"}});
  REQUIRE(those<topology_effects::ended>(out).size() == 1);
  CHECK(those<topology_effects::ended>(out).front().failure->message == "the table is gone");
}

TEST_CASE("an actor that cannot begin ends the topology in order, with the report of those that live") {
  auto d = running();
  static_cast<void>(over(d, "w/0/0", 7));
  const error why{ec::corrupt, fault::user, false, "its snapshots are damaged", {}};
  auto out = d.on_message("b", actor_failed{"clicks", "w/0/0", {7, 1}, why});
  CHECK(all_told<director_effects::collect>(out).size() == 2);
  for (int phase = 0; phase < 4 && those<topology_effects::ended>(out).empty(); ++phase) {
    if (const auto r = those<topology_effects::wait_for_reports>(out); !r.empty())
      out = d.reports_are_due(r.front().number);
    else
      out = d.stops_are_due(those<topology_effects::wait_for_stops>(out).back().number);
  }
  CHECK(wished<cluster::records::topology_failed>(out) ==
        std::vector<cluster::records::topology_failed>{{"clicks", "w/0/0", "its snapshots are damaged"}});
  REQUIRE(those<topology_effects::ended>(out).size() == 1);
  CHECK(those<topology_effects::ended>(out).front().failure->code == ec::corrupt);
}

TEST_CASE("an actor that is refused ends the topology, and is asked for no report") {
  auto d = running();
  const error taken{ec::fenced, fault::outside, false, "another life has it", {}};
  const auto asked =
      all_told<director_effects::collect>(d.on_message("b", actor_failed{"clicks", "w/0/0", 7, taken}));
  REQUIRE(asked.size() == 2);
  CHECK(std::ranges::none_of(asked, [](const auto& a) { return a.what.from == "w/0/0"; }));
}

TEST_CASE("an actor that has a successor elsewhere fails nothing") {
  auto d = running();
  cluster::topology_state s;
  s.actors["w/0/0"].at = cluster::place{"c", 1, 12, 0};
  static_cast<void>(d.on_state(s));
  CHECK(d.on_message("b", actor_failed{"clicks", "w/0/0", {7, 1}, {}}).empty());
}

TEST_CASE("what `control` says has ended is over at once") {
  auto d = running();
  cluster::topology_state s;
  s.status = cluster::topology_status::failed;
  s.failed_actor = "w/0/0";
  s.why = "its snapshots cannot be read";
  const auto out = those<topology_effects::ended>(d.on_state(s));
  REQUIRE(out.size() == 1);
  CHECK(out.front().failure->stage == "w/0/0");
  CHECK(d.on_state(s).empty());
  CHECK(began(d, "w/0/0", 12, "b").empty());
  CHECK(d.report().empty());
}

TEST_CASE("of what had ended before a director began nothing is told but that") {
  topology_director d(options());
  cluster::topology_state s;
  s.status = cluster::topology_status::finished;
  const auto out = d.on_state(s);
  CHECK(out.size() == 1);
  CHECK(those<topology_effects::was_over>(out).size() == 1);
  CHECK(d.on_state(s).empty());
  CHECK(d.report().empty());
}

TEST_CASE("a report is asked for at the nodes, without the end of anything") {
  auto d = running();
  CHECK(all_told<director_effects::collect>(d.report()).size() == 3);
  CHECK(those<topology_effects::give_report>(over(d, "raw", 7)).empty());
  messages::report_part part;
  part.actor = "dead";
  part.life = 7;
  CHECK(those<topology_effects::give_report>(d.on_message("b", said(part))).empty());
  const auto given = those<topology_effects::give_report>(d.reports_are_due(1));
  REQUIRE(given.size() == 1);
  strings missing;
  for (const auto& p : given.front().parts)
    missing.push_back(p.actor + ": " + p.missing);
  CHECK(missing == strings{"dead: ", "raw: node a", "w/0/0: node b"});
}

}  // namespace
}  // namespace millrace::control
