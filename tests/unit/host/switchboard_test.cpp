// The switchboard of node a, turn by turn, over links in memory to a real link actor of node b; its receivers
// note the mail and news.
#include "actors/node/host/switchboard.hpp"
#include "runtime/control/topology_message_format.hpp"
#include "runtime/link/edge_numbers.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/link_actor/two_links.hpp"

#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <algorithm>

namespace millrace::host::test {
namespace {

using noted_lines = std::shared_ptr<std::vector<std::string>>;

node::node_post::behavior_type noting_post(node::node_post::pointer, const noted_lines& to) {
  const auto note = [to](const std::string& what, const cluster::process_id& who) {
    to->push_back(what + " " + who.node + " " + std::to_string(who.instance));
  };
  return {[](const node::post_envelope&) {},
          [](const node::cluster_known&) {},
          [=](const node::bytes_arrived& m) { note("post: envelope " + m.bytes + " of", m.from); },
          [=](const node::link_up& m) { note("post: up", m.with); },
          [=](const node::link_lost& m) { note("post: lost", m.with); },
          [=](const node::process_dead& m) { note("post: dead", m.who); }};
}

directors_actor::behavior_type noting_directors(directors_actor::pointer, const noted_lines& to) {
  return {[](const coordinator_known&) {},
          [](const leads_now&) {},
          [](const topology_changed&) {},
          [](const topology_gone&) {},
          [](const leads_no_more&) {},
          [=](const said_to_director& m) {
            to->push_back("directors: " + std::get<control::actor_over>(m.what).actor + " of " + m.from);
          },
          [](const restart_asked&) {},
          [](const ask_for_report&) { return report_given{}; },
          [](const reports_due&) {},
          [](const stops_due&) {},
          [](const messages::stop&) {}};
}

mail_reader::behavior_type noting_view(mail_reader::pointer, const noted_lines& to) {
  return {[=](const mail_came& m) {
            to->push_back("view: " + std::string(1, static_cast<char>(m.kind)) + m.bytes + " of " + m.from);
          },
          [=](const questions_lost& m) { to->push_back("view: questions to " + m.node + " are lost"); }};
}

topology_host::behavior_type noting_host(topology_host::pointer, const noted_lines& to) {
  return {[](const messages::partition_found&) {},
          [](const messages::stands_at&) {},
          [](const messages::attempt_failed&) {},
          [](const messages::attempt_went_well&) {},
          [](const messages::completed&) {},
          [](const messages::stage_failed&) {},
          [](const messages::fenced&) {},
          [](const messages::stopped&) {},
          [](const messages::report_part&) {},
          [](const begin_here&) {},
          [](const end_here&) {},
          [=](const order_came& m) {
            to->push_back("host: an order for " +
                          control::receiver_of(std::get<control::actor_told>(m.what).what) + " of " + m.from);
          },
          [=](const director_is_new&) { to->push_back("host: another director"); },
          [=](const edge_news& m) {
            if (std::holds_alternative<link::stand_in_up>(m.what))
              to->push_back("host: stand-in by " + m.peer);
          },
          [=](const peer_standing& m) {
            to->push_back("host: " + m.peer + (m.is_alive ? " is alive" : " is not alive"));
          },
          [=](const peer_unlinked& m) { to->push_back("host: unlinked " + m.peer); },
          [](const former_life_is_due&) {},
          [](const nothing_runs&) {},
          [](const messages::stop&) {}};
}

control::to_node_of_actors order_in(const std::string& topology) {
  return control::actor_told{topology, {7, 0}, "a", control::director_effects::collect{"table"}};
}
control::to_director end_of(const std::string& actor) { return control::actor_over{"t", actor, {7, 0}}; }

/// Holds what node b has at one address.
struct other_end {
  std::shared_ptr<link::test::memory_wire> wire = std::make_shared<link::test::memory_wire>();
  std::shared_ptr<link::test::noted_news> news = std::make_shared<link::test::noted_news>();
  link::link_owner owner;
  link::link_handle link;
};

struct board_under_test {
  static constexpr link::edge_id edge = (1U << 20U) + 1;

  board_under_test() : system(config), turns(millrace::test::turns_of(system)) {
    board = spawn_switchboard(system, {"a",
                                       10,
                                       "caf a",
                                       [this](const std::string& peer, const auto& at) {
                                         asked.push_back(peer + ":" + std::to_string(at.port));
                                         return link::test::side_of(ends[at.port].wire, 0);
                                       },
                                       {}});
    post = system.spawn(noting_post, lines);
    directors = system.spawn(noting_directors, lines);
    view = system.spawn(noting_view, lines);
    host = system.spawn(noting_host, lines);
    caf::anon_send(board, readers_known{post, directors, view});
    caf::anon_send(board, host_is_up{"t", host});
    settle();
  }
  ~board_under_test() {
    caf::anon_send(board, messages::stop{});
    for (auto& [_, e] : ends) {
      caf::anon_send(e.link, messages::stop{});
      caf::anon_send_exit(e.owner, caf::exit_reason::user_shutdown);
    }
    caf::anon_send_exit(post, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(directors, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(view, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(host, caf::exit_reason::user_shutdown);
    turns.run();
    for (auto& [_, e] : ends)
      e.news->all.clear();
  }

  /// A process of node b listens at this port.
  other_end& begin_b(std::uint16_t port, std::uint64_t instance = 20) {
    auto& e = ends[port];
    e.owner = system.spawn(link::test::noting_owner, e.news);
    link::link_options o;
    o.link = {{"millrace", "b", {instance, 0}, {}, link::spoken, {}, 0, "caf b"}, "a", {}, {}};
    o.make_transport = link::test::side_of(e.wire, 1);
    o.owner = e.owner;
    e.link = link::spawn_link(system, std::move(o));
    return e;
  }
  template<class Message>
  void tell(Message m) {
    caf::anon_send(board, std::move(m));
    settle();
  }
  void know_b_at(std::uint16_t port) { tell(addresses_known{{{"b", 20, {"10.0.0.2", port}}}}); }
  other_end& linked(std::uint16_t port = 1) {
    auto& b = begin_b(port);
    know_b_at(port);
    pass(2000);
    return b;
  }
  void say(other_end& b, const std::string& bytes) {
    caf::anon_send(b.link, link::send_mail{bytes});
    settle();
  }

  void settle() {
    for (bool any = true; any;) {
      turns.run();
      any = false;
      for (auto& [_, e] : ends)
        for (int side = 0; side < 2; ++side)
          any = e.wire->carry(side) || any;
    }
  }
  void pass(int milliseconds) {
    for (; milliseconds > 0; milliseconds -= 50) {
      turns.clock().advance_time(std::chrono::milliseconds(50));
      settle();
    }
  }
  [[nodiscard]] std::ptrdiff_t count(const std::string& line) const {
    return std::ranges::count(*lines, line);
  }

  millrace::test::turn_by_turn config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& turns;
  noted_lines lines = std::make_shared<std::vector<std::string>>();
  std::vector<std::string> asked;           // transports
  std::map<std::uint16_t, other_end> ends;  // keyed by port
  switchboard board;
  node::node_post post;
  directors_actor directors;
  mail_reader view;
  topology_host host;
};

}  // namespace

TEST_CASE("envelopes go while there is a link, both ways, and are lost before") {
  board_under_test t;
  const auto way = envelopes_by(t.board);
  way->send({"b", 20}, "too early");
  t.settle();
  auto& b = t.linked();
  CHECK(t.count("post: up b 20") == 1);
  way->send({"b", 20}, "hello");
  t.settle();
  CHECK(b.news->control == std::vector<std::string>{"Lhello"});
  t.say(b, "Lback");
  CHECK(t.count("post: envelope back of b 20") == 1);
}

TEST_CASE("an order to the own node needs no link; mail takes it to another one") {
  board_under_test t;
  const auto order = order_in("t");
  t.tell(send_order{"a", order});
  CHECK(t.count("host: an order for table of a") == 1);
  const auto& b = t.linked();
  t.tell(send_order{"b", order});
  CHECK(b.news->control == std::vector<std::string>{"N" + control::encode_to_node(order)});
  t.tell(send_order{"nobody known", order});
  CHECK(t.count("host: an order for table of a") == 1);
}

TEST_CASE("who asks a node is told that the question was not sent, and that the node was lost with it") {
  board_under_test t;
  const std::string lost = "view: questions to b are lost";
  t.tell(send_mail{"b", mail::question, "of nobody known"});
  CHECK(t.count(lost) == 1);
  t.know_b_at(1);
  t.tell(send_mail{"b", mail::question, "without a session"});
  CHECK(t.count(lost) == 2);
  t.tell(send_mail{"b", mail::answer, "of what nobody waits for"});
  CHECK(t.count(lost) == 2);
  auto& b = t.begin_b(1);
  t.pass(2000);
  t.tell(send_mail{"b", mail::question, "what"});
  CHECK(b.news->control == std::vector<std::string>{"Qwhat"});
  CHECK(t.count(lost) == 2);
  b.wire->cut();
  t.pass(5000);
  CHECK(t.count(lost) == 3);
}

TEST_CASE("mail of another node goes to whom it is for; what makes no sense is dropped") {
  board_under_test t;
  auto& b = t.linked();
  const auto before = t.lines->size();
  for (const auto* const bytes : {"", "Z?", "Nnot an order", "Dno news"})
    t.say(b, bytes);
  t.say(b, "N" + control::encode_to_node(order_in("another topology")));
  CHECK(t.lines->size() == before);
  for (const auto& bytes : {"D" + control::encode_to_director(end_of("table")), std::string("Qwhat"),
                            std::string("Athat"), "N" + control::encode_to_node(order_in("t"))})
    t.say(b, bytes);
  CHECK(t.count("directors: table of b") == 1);
  CHECK(t.count("host: an order for table of b") == 1);
  CHECK(t.count("view: Qwhat of b") == 1);
  CHECK(t.count("view: Athat of b") == 1);
}

TEST_CASE("a host says everything anew to another director, and when the way to it was broken") {
  board_under_test t;
  const std::string anew = "host: another director";
  CHECK(t.count(anew) == 1);  // told when it came up
  auto& b = t.linked();
  CHECK(t.count(anew) == 1);
  t.tell(directed_by{"b", {1, 5}});
  CHECK(t.count(anew) == 2);
  t.tell(directed_by{"b", {1, 5}});
  CHECK(t.count(anew) == 2);
  t.tell(directed_by{"b", {2, 6}});
  CHECK(t.count(anew) == 3);
  b.wire->cut();
  t.pass(5000);
  CHECK(t.count("post: lost b 20") == 1);
  CHECK(t.count("post: up b 20") == 2);
  CHECK(t.count(anew) == 4);
}

TEST_CASE("what is for the director goes to the node whose coordinator was heard last") {
  board_under_test t;
  t.tell(send_to_director{end_of("nobody leads yet")});
  t.tell(directed_by{"a", {1, 5}});
  t.tell(send_to_director{end_of("here")});
  CHECK(t.count("directors: here of a") == 1);
  auto& b = t.linked();
  t.tell(directed_by{"b", {2, 6}});
  t.tell(send_to_director{end_of("there")});
  CHECK(b.news->control == std::vector<std::string>{"D" + control::encode_to_director(end_of("there"))});
}

TEST_CASE("ends that are up are told to links that come later, and are not once they are down") {
  board_under_test t;
  constexpr auto on_link = link::on_link(board_under_test::edge, false);  // leads from b, the second, to a
  auto receiver = t.system.spawn(link::test::receiver_model_behaviour,
                                 std::make_shared<link::test::model_receiver>(life{1}, 1));
  t.tell(end_is_up{{t.edge, link::local_end(messages::frame_receiver(receiver)), {1}}});
  const auto lane = std::make_shared<link::test::model_lane>(1);
  auto lane_actor = t.system.spawn(link::test::lane_model_behaviour, lane);
  const auto ask_by = [&](other_end& b) {
    b.news->lane = lane_actor;
    caf::anon_send(b.link, link::local_up{on_link, link::local_end(messages::frame_sender(lane_actor)), {1}});
    caf::anon_send(b.link, link::remote_up{on_link, {1}});
    t.pass(1000);
  };
  ask_by(t.linked(1));
  CHECK(lane->answers == 1);
  t.tell(end_is_down{{t.edge, {1}}});
  t.begin_b(2, 21);
  t.know_b_at(2);
  t.pass(2000);
  ask_by(t.ends[2]);
  CHECK(lane->answers == 1);
  for (auto& [_, b] : t.ends)
    b.news->lane = nullptr;
  lane->receiver = nullptr;
  caf::anon_send_exit(receiver, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(lane_actor, caf::exit_reason::user_shutdown);
}

TEST_CASE("a node at another address is linked to anew, and hosts hear that its stand-ins are void") {
  board_under_test t;
  t.linked(1);
  t.know_b_at(1);
  CHECK(t.asked == std::vector<std::string>{"b:1"});
  t.begin_b(2, 21);
  t.know_b_at(2);
  CHECK(t.asked == std::vector<std::string>{"b:1", "b:2"});
  CHECK(t.count("host: unlinked b") == 1);
  CHECK(t.count("post: lost b 20") == 1);
  t.pass(2000);
  CHECK(t.count("post: up b 21") == 1);
}

TEST_CASE("the own address is not linked to") {
  board_under_test t;
  t.tell(addresses_known{{{"a", 10, {"10.0.0.1", 7}}}});
  CHECK(t.asked.empty());
}

}  // namespace millrace::host::test
