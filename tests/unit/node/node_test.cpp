// The control plane of three nodes, turn by turn: the real actors over links and a store of the test's own.
#include "tests/property/node/cluster_world.hpp"

#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;
using namespace millrace::node;
using namespace millrace::node::trial;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

cluster::records::topology_applied topology(int lanes) {
  cluster::records::topology_applied r{"t", "plan", 0, {}};
  for (int i = 0; i < lanes; ++i)
    r.actors.push_back({"lane" + std::to_string(i), cluster::actor_kind::lane, "lanes"});
  return r;
}

/// Three nodes under one coordinator, and a topology of six lanes that runs.
struct three_nodes : cluster_world {
  explicit three_nodes(std::uint64_t seed = 1) : cluster_world(seed) {
    for (const auto* const name : {"a", "b", "c"})
      join(name);
    until("somebody leads", [&] { return newest_leader() != nullptr; });
    until("all have joined", [&] { return oracle_.state().nodes.size() == 3; });
    ask(*newest_leader(), topology(6));
    until("it runs", [&] { return runs(); });
  }
  bool runs() {
    return oracle_.state().topologies.contains("t") && oracle_.state().topologies.at("t").is_active() &&
           missing().empty();
  }
  process& other_than(const process& p) {
    for (auto& q : processes_)
      if (&q != &p && !q.over)
        return q;
    throw wrong{"there is no other process"};
  }
  std::size_t leaders() {
    return static_cast<std::size_t>(
        std::ranges::count_if(processes_, [](const process& p) { return p.leads && !p.over; }));
  }
};

}  // namespace

TEST_CASE("three processes become a cluster: one leads, all have sessions, each actor runs on one of them") {
  three_nodes w;
  CHECK(w.leaders() == 1);
  CHECK(w.oracle_.state().cluster.starts_with("c#"));
  CHECK(w.answers_.size() == 1);
  CHECK_FALSE(w.answers_.begin()->second.failure);
  for (const auto& p : w.processes_)
    CHECK(p.lives.size() == 2);
  const auto terms = w.oracle_.state().terms;
  w.pass(seconds(10));
  CHECK(w.oracle_.state().terms == terms);
  CHECK(w.leaders() == 1);
}

TEST_CASE("a candidate that does not hear the coordinator waits for longer while another node hears it") {
  three_nodes w;
  auto& leader = *w.newest_leader();
  const auto epoch = leader.leads;
  auto& deaf = w.other_than(leader);
  w.cut(leader, deaf);
  w.pass(seconds(18));
  CHECK(leader.leads == epoch);
  CHECK(w.leaders() == 1);
  // Another node stands once no node hears it.
  w.kill(leader, false);
  w.until(
      "another leads", [&] { return w.leaders() == 1; }, seconds(10));
}

TEST_CASE("whichever node dies, what it ran goes on elsewhere, under new terms") {
  const std::string dies = GENERATE("a", "b", "c");
  const bool is_noticed = GENERATE(true, false);
  three_nodes w;
  w.kill(*w.find(dies), is_noticed);
  const auto died_at = w.now_;
  w.until("its actors run elsewhere", [&] { return w.find(dies) == nullptr && w.runs(); });
  CHECK(w.now_ - died_at < seconds(8));
  w.join(dies);
  w.until("it is back", [&] {
    const auto* const p = w.find(dies);
    return w.runs() && p != nullptr && w.oracle_.state().nodes.at(dies).instance == p->id.instance;
  });
}

TEST_CASE("a coordinator that stood still finds out that it was replaced, and its node goes on") {
  three_nodes w;
  auto& old = *w.newest_leader();
  const auto before = *old.leads;
  old.asleep_until = w.now_ + seconds(9);
  w.until("another leads", [&] { return w.newest_leader() != &old; });
  CHECK(before < *w.newest_leader()->leads);
  w.until("the old one leads no more", [&] { return !old.leads; });
  w.until("it runs", [&] { return w.runs(); });
  CHECK(w.leaders() == 1);
}

TEST_CASE("a coordinator that is cut off from the others, not from the store, is replaced and writes nothing "
          "more") {
  three_nodes w;
  auto& old = *w.newest_leader();
  for (auto& q : w.processes_)
    w.cut(old, q);
  w.until("another leads", [&] { return w.newest_leader() != &old; });
  w.pass(seconds(3));
  for (auto& q : w.processes_)
    w.heal(old, q);
  w.until("one leads", [&] { return w.leaders() == 1 && w.runs(); });
}

TEST_CASE("two candidates at once: one leads, the other follows") {
  cluster_world w(7);
  auto& a = w.join("a");
  auto& b = w.join("b");
  w.cut(a, b);
  w.until("both have stood", [&] { return w.store_.highest().term >= 2; });
  w.heal(a, b);
  w.until("one leads",
          [&] { return w.oracle_.state().nodes.size() == 2 && a.leads.has_value() != b.leads.has_value(); });
  w.pass(seconds(5));
  CHECK(a.leads.has_value() != b.leads.has_value());
}

TEST_CASE(
    "R4: after an append whose answer is lost the coordinator takes a new epoch; what is asked is unsure") {
  three_nodes w;
  const auto before = *w.newest_leader()->leads;
  w.store_.lose(100);
  w.ask(*w.newest_leader(), cluster::records::stop_asked{"t"});
  w.until("it steps down", [&] { return w.newest_leader() == nullptr; });
  w.until("it is answered", [&] { return w.answers_.size() == 2; });
  CHECK(w.answers_.rbegin()->second.failure);
  w.store_.lose(0);
  w.until("somebody leads", [&] { return w.newest_leader() != nullptr; });
  CHECK(before < *w.newest_leader()->leads);
  w.until("it runs", [&] { return w.missing().empty(); });
}

TEST_CASE("a store that stands still costs the coordinator its epoch after a while, and nothing is begun "
          "meanwhile") {
  three_nodes w;
  auto& old = *w.newest_leader();
  old.store_asleep_until = w.now_ + seconds(60);
  w.ask(old, topology(7));
  w.pass(seconds(29));
  CHECK(old.leads);
  CHECK(w.answers_.size() == 1);
  w.until("it steps down", [&] { return !old.leads; });
  w.until("another leads, and it runs", [&] { return w.newest_leader() != nullptr && w.runs(); });
}

TEST_CASE("who asks a node that does not lead is told which one does") {
  three_nodes w;
  w.pass(seconds(1));
  const auto leader = w.newest_leader()->id.node;
  w.ask(w.other_than(*w.newest_leader()), cluster::records::drain_set{"a", true});
  w.until("it is answered", [&] { return w.answers_.size() == 2; });
  const auto& failure = w.answers_.rbegin()->second.failure;
  REQUIRE(failure);
  CHECK(failure->code == ec::unavailable);
  CHECK(failure->message.find("ask node " + leader) != std::string::npos);
}

TEST_CASE("J1: a node with another store neither joins nor disturbs, and says why it ends") {
  three_nodes w;
  auto& x = w.join("x", true);
  REQUIRE_FALSE(x.over);
  w.until("it ends", [&] { return w.find("x") == nullptr; });
  CHECK(w.runs());
  CHECK_FALSE(w.oracle_.state().nodes.contains("x"));
  CHECK(w.last_over.find("the store is not shared") != std::string::npos);
}

TEST_CASE("J2: a node whose store is a copy of the others' finds that its session is not there, and ends") {
  three_nodes w;
  w.foreign_store_.copy(w.store_);
  w.join("x", true);
  w.until("it ends", [&] { return w.find("x") == nullptr; });
  CHECK(w.last_over.find("the store is not shared") != std::string::npos);
  w.pass(seconds(3));
  CHECK(w.runs());
  for (const auto& [name, a] : w.oracle_.state().topologies.at("t").actors)
    CHECK(a.at->node != "x");
}

TEST_CASE("J1: a cluster that another store holds does not disturb, though its epoch is higher") {
  cluster_world w(3);
  REQUIRE(w.foreign_store_.open({50, 1}));
  auto& x = w.join("x", true);
  w.until("it leads its own", [&] { return x.leads.has_value(); });
  w.pass(seconds(1));
  w.join("a");
  w.join("b");
  for (auto& p : w.processes_)
    w.cut(x, p);
  w.until("somebody leads", [&] { return w.newest_leader() != nullptr; });
  w.until("both have joined", [&] { return w.oracle_.state().nodes.size() == 2; });
  w.ask(*w.newest_leader(), topology(4));
  w.until("it runs", [&] { return w.oracle_.state().topologies.contains("t") && w.missing().empty(); });
  for (auto& p : w.processes_)
    w.heal(x, p);
  w.pass(seconds(10));
  CHECK(w.missing().empty());
  CHECK(w.find("x") != nullptr);
  CHECK(w.oracle_.state().nodes.size() == 2);
}

TEST_CASE("a store that loses the cluster beneath it gets no second one, and the cluster goes on once it is "
          "restored") {
  three_nodes w;
  const shared_store kept = w.store_;
  w.store_.copy(w.foreign_store_);
  w.kill(*w.newest_leader(), true);
  w.pass(seconds(30));
  CHECK(w.leaders() == 0);
  CHECK(w.store_.contents().increments.empty());
  w.store_.copy(kept);
  w.until("it runs", [&] { return w.leaders() == 1 && w.runs(); });
  CHECK(w.oracle_.state().nodes.size() == 3);
}

TEST_CASE("J3: a second process of a name that answers is refused, and the first goes on") {
  three_nodes w;
  const auto first = w.other_than(*w.newest_leader()).id;
  const auto second = w.join(first.node).id;
  w.until("the second ends", [&] { return w.find(second) == nullptr; });
  CHECK(w.last_over.find("another process is node " + first.node) != std::string::npos);
  CHECK(w.find(first) != nullptr);
  w.pass(seconds(3));
  CHECK(w.runs());
}

TEST_CASE("J4: a node that makes up an epoch takes the lead from nobody, and stops nothing") {
  three_nodes w;
  auto& leader = *w.newest_leader();
  const auto epoch = leader.leads;
  const auto& insider = w.other_than(leader);
  const cluster::epoch absurd{0xff'ffff'ffff, most_counts};
  const auto cluster = w.oracle_.state().cluster;
  const std::vector<envelope_content> lies{
      cluster::signs::word{absurd, 0}, cluster::signs::heard{absurd},
      cluster::node_event(cluster::epoch_refused{absurd}),
      cluster::node_command{absurd, 0, cluster::commands::register_again{}}};
  for (int i = 0; i < 20; ++i) {
    for (const auto& lie : lies)
      for (const auto& p : w.processes_)
        if (&p != &insider)
          caf::anon_send(p.actors.post,
                         bytes_arrived{insider.id, cluster::encode_envelope({cluster, insider.id, 0, lie})});
    w.pass(milliseconds(500));
  }
  CHECK(leader.leads == epoch);
  CHECK(w.leaders() == 1);
  CHECK(w.runs());
}

TEST_CASE(
    "a process that is asked to end has ended in order: its place is given elsewhere, nobody has died") {
  const bool is_leader = GENERATE(true, false);
  three_nodes w;
  auto& p = is_leader ? *w.newest_leader() : w.other_than(*w.newest_leader());
  const auto node = p.id.node;
  caf::anon_send(p.actors.agent, leave_cluster{});
  const auto asked_at = w.now_;
  w.until("it ends", [&] { return w.find(node) == nullptr; });
  CHECK(w.now_ - asked_at < seconds(6));
  CHECK(w.last_over == "it was asked to end");
  w.until("its actors run elsewhere", [&] { return w.runs(); });
  for (const auto& [name, a] : w.oracle_.state().topologies.at("t").actors)
    CHECK(a.died_at == std::nullopt);
}

TEST_CASE("where all processes are asked to end at once, they have soon, whoever is asked first, and each is "
          "recorded") {
  three_nodes w;
  const auto leader = w.newest_leader()->id.node;
  const bool is_leader_first = GENERATE(true, false);
  std::vector<std::string> names{"a", "b", "c"};
  std::stable_partition(names.begin(), names.end(),
                        [&](const auto& n) { return (n == leader) == is_leader_first; });
  for (const auto& n : names) {
    caf::anon_send(w.find(n)->actors.agent, leave_cluster{});
    w.pass(milliseconds(GENERATE(0, 20)));
  }
  const auto asked_at = w.now_;
  w.until("all have ended", [&] { return !w.find("a") && !w.find("b") && !w.find("c"); });
  CHECK(w.now_ - asked_at < seconds(4));  // their lives take some time to end
  for (const auto& [name, n] : w.oracle_.state().nodes)
    CHECK(n.has_left);
}

TEST_CASE("a process that leaves while nobody leads does not wait for what cannot come") {
  three_nodes w;
  const auto leader = w.newest_leader()->id.node;
  for (const std::string name : {"a", "b", "c"})
    if (name != leader && w.find(name) != nullptr)
      caf::anon_send(w.find(name)->actors.agent, leave_cluster{});
  w.kill(*w.find(leader), true);
  const auto asked_at = w.now_;
  w.until("all have ended", [&] { return !w.find("a") && !w.find("b") && !w.find("c"); });
  CHECK(w.now_ - asked_at < seconds(3));
}

TEST_CASE("a coordinator that is asked to end waits until that is recorded, however slow the store is") {
  three_nodes w;
  auto& p = *w.newest_leader();
  const auto node = p.id.node;
  p.store_asleep_until = w.now_ + seconds(3);
  caf::anon_send(p.actors.agent, leave_cluster{});
  w.until("it ends", [&] { return w.find(node) == nullptr; });
  CHECK(w.oracle_.state().nodes.at(node).is_over);
}

TEST_CASE("where the process that leads dies, its actors run elsewhere within a second and a half") {
  three_nodes w;
  const auto dead = w.newest_leader()->id;
  const bool is_noticed = GENERATE(true, false);
  w.kill(*w.find(dead.node), is_noticed);
  const auto died_at = w.now_;
  if (!is_noticed)  // its successor is linked before anybody has found its address empty
    w.join(dead.node);
  w.until("another node leads",
          [&] { return w.newest_leader() != nullptr && w.newest_leader()->id != dead; });
  CHECK(w.now_ - died_at < milliseconds(1'500));
  w.until("its actors run elsewhere", [&] { return w.runs(); });
  CHECK(w.now_ - died_at < milliseconds(is_noticed ? 1'500 : 4'000));
}

TEST_CASE("the death of a process that is told late is not that of its successor") {
  three_nodes w;
  const auto& nodes = w.oracle_.state().nodes;
  auto& leader = *w.newest_leader();
  const auto dead = w.other_than(leader).id;
  w.kill(*w.find(dead.node), false);
  const auto next = w.join(dead.node).id;
  w.until("its successor has joined",
          [&] { return w.runs() && nodes.at(dead.node).instance == next.instance; });
  const auto session = nodes.at(dead.node).session;
  caf::anon_send(leader.actors.post, process_dead{dead});
  w.pass(seconds(1));
  CHECK(nodes.at(dead.node).session == session);
  CHECK_FALSE(nodes.at(dead.node).is_over);
}

TEST_CASE("where a part of the control plane fails, the process ends") {
  const int which = GENERATE(0, 1, 2, 3);
  three_nodes w;
  auto& p = *w.newest_leader();
  const auto id = p.id;
  const auto part = which == 0   ? caf::actor_cast<caf::actor>(p.actors.post)
                    : which == 1 ? caf::actor_cast<caf::actor>(p.actors.coordinator)
                    : which == 2 ? caf::actor_cast<caf::actor>(p.actors.agent)
                                 : caf::actor_cast<caf::actor>(p.actors.keeper);
  caf::anon_send_exit(part, caf::exit_reason::kill);
  w.until("it ends", [&] { return w.find(id) == nullptr; });
  w.until("its actors run elsewhere", [&] { return w.runs(); });
}

TEST_CASE("what fails begins again under the next count, after a while, unless it is ended first") {
  three_nodes w;
  auto& p = w.other_than(*w.newest_leader());
  const auto failing = p.lives.front();
  std::size_t begun = 0;
  for (int i = 0; i < 6; ++i) {
    w.until("it runs", [&] { return w.runs(); });
    const auto now = std::ranges::find(p.lives, failing.actor, &stand_in::actor);
    REQUIRE(now != p.lives.end());
    CHECK(now->now == life(failing.now.term, static_cast<std::uint32_t>(i)));
    const auto last = now->now;
    p.lives.erase(now);
    const auto at = w.now_;
    caf::anon_send(p.tell, life_over{failing.actor, last, life_outcome::failed_again, {}, "why"});
    w.until("it begins again",
            [&] { return std::ranges::find(p.lives, failing.actor, &stand_in::actor) != p.lives.end(); });
    if (w.now_ - at > milliseconds(300))
      ++begun;
  }
  CHECK(begun > 0);  // the waits have grown
  // Ended while it waits: it does not begin.
  const auto last = std::ranges::find(p.lives, failing.actor, &stand_in::actor)->now;
  std::erase_if(p.lives, [&](const stand_in& a) { return a.actor == failing.actor; });
  caf::anon_send(p.tell, life_over{failing.actor, last, life_outcome::failed_again, {}, "why"});
  w.ask(*w.newest_leader(), cluster::records::topology_failed{"t", "lane0", "a test said so"});
  w.pass(seconds(20));
  for (const auto& q : w.processes_)
    CHECK(q.lives.empty());
}

TEST_CASE("an actor that has recovered begins again soon, however often it has failed before") {
  const bool recovers = GENERATE(true, false);
  three_nodes w;
  auto& p = w.other_than(*w.newest_leader());
  const auto actor = p.lives.front().actor;
  const auto present = [&] { return std::ranges::find(p.lives, actor, &stand_in::actor); };
  const auto fail = [&] {
    w.until("it runs", [&] { return present() != p.lives.end(); });
    const auto last = present()->now;
    p.lives.erase(present());
    caf::anon_send(p.tell, life_over{actor, last, life_outcome::failed_again, {}, "why"});
  };
  for (int i = 0; i < 12; ++i)
    fail();
  w.until("it runs", [&] { return present() != p.lives.end(); });
  const auto now = present()->now;
  caf::anon_send(p.tell, life_recovered{actor, {recovers ? now.term : now.term - 1, now.count}});
  w.pass(milliseconds(100));
  fail();
  w.pass(milliseconds(500));  // 50 ms, and what the turns take; half of the longest wait is 5 s
  CHECK((present() != p.lives.end()) == recovers);
}

TEST_CASE("what a former director has told to stop restarts; what the present one has, does not") {
  three_nodes w;
  auto& p = w.other_than(*w.newest_leader());
  const auto stopped = p.lives.front();
  const auto present = *w.newest_leader()->leads;
  const auto is_there = [&] {
    return std::ranges::find(p.lives, stopped.actor, &stand_in::actor) != p.lives.end();
  };
  const auto stop = [&](const life last, const cluster::epoch& by) {  // a copy: the life goes from the list
    w.until("it is known to run", [&] { return w.runs(); });
    std::erase_if(p.lives, [&](const stand_in& a) { return a.actor == stopped.actor; });
    life_over over{stopped.actor, last, life_outcome::completed};
    over.asked_by = by;
    caf::anon_send(p.tell, over);
  };
  stop(stopped.now, {present.term, present.count - 1});
  w.until("it has restarted", is_there);
  CHECK(p.lives.back().now == life(stopped.now.term, 1));
  stop(p.lives.back().now, present);
  w.pass(seconds(20));
  CHECK_FALSE(is_there());
}
