// Two link actors: sessions, the way and its retries, mail, and the frame protocol between a lane-like
// sender and a shard-like receiver over stand-ins.
#include "tests/unit/link_actor/one_edge.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;
using namespace millrace::link;
using namespace millrace::link::test;

TEST_CASE("two link actors open a session over their way, and tell their owners") {
  two_links t;
  t.open();
  for (const auto& n : t.news) {
    CHECK(n->of<session_opened>().size() == 1);
    CHECK(n->of<session_ended>().empty());
    REQUIRE(n->of<standing_changed>().size() == 1);
    CHECK(n->of<standing_changed>()[0].now == standing::alive);
  }
  CHECK(t.news[0]->of<session_opened>()[0].peer.node == "b");
}

TEST_CASE("mail goes in order, once, and not between sessions") {
  two_links t;
  caf::anon_send(t.links[0], send_mail{"before any session"});
  t.open();
  const std::string large(5 << 20, 'l');
  for (const auto& text : {std::string("one"), large, std::string("two"), large, large, std::string("three")})
    caf::anon_send(t.links[0], send_mail{text});
  caf::anon_send(t.links[1], send_mail{"back"});
  t.settle();
  CHECK(t.news[1]->control == std::vector<std::string>{"one", large, "two", large, large, "three"});
  CHECK(t.news[0]->control == std::vector<std::string>{"back"});
}

TEST_CASE("the way is tried again, less and less often, and a session is there soon after it can be") {
  two_links t;
  t.wire->unreachable = true;
  t.pass(20'000);
  CHECK(t.wire->tries[0] > 8);
  CHECK(t.wire->tries[0] < 20);
  t.wire->unreachable = false;
  t.pass(3000);
  CHECK(t.news[0]->of<session_opened>().size() == 1);
}

TEST_CASE("a peer whose address refuses a connection is lost at once, a silent one after its time") {
  two_links t;
  t.open();
  SECTION("refused") {
    t.wire->refuses[1] = true;
    t.wire->cut();
    t.pass(200);
    CHECK(t.news[0]->of<standing_changed>().back().now == standing::lost);
  }
  SECTION("silent") {
    t.wire->loses[0] = t.wire->loses[1] = true;
    t.pass(300);
    CHECK(t.news[0]->of<standing_changed>().back().now == standing::alive);
    t.pass(400);
    CHECK(t.news[0]->of<standing_changed>().back().now == standing::suspect);
    CHECK(t.news[0]->of<session_ended>().empty());
    t.pass(1500);
    CHECK(t.news[0]->of<standing_changed>().back().now == standing::lost);
    CHECK(t.news[0]->of<session_ended>().size() == 1);
    t.wire->loses[0] = t.wire->loses[1] = false;
    t.pass(500);
    CHECK(t.news[0]->of<session_opened>().size() == 2);
  }
}

TEST_CASE("a way on which no session comes about is closed, and another one is looked for") {
  two_links t;
  t.open();
  t.wire->loses[0] = t.wire->loses[1] = true;
  t.pass(5000);
  CHECK(t.wire->closed_by[0] + t.wire->closed_by[1] == 0);
  t.pass(2000);  // 2 s until the peer counts as lost, and 4 s
  CHECK(t.wire->closed_by[0] + t.wire->closed_by[1] > 0);
  CHECK(t.wire->tries[0] > 1);
  t.wire->loses[0] = t.wire->loses[1] = false;
  t.pass(3000);
  CHECK(t.news[0]->of<session_opened>().size() == 2);
  const auto closed = t.wire->closed_by[0] + t.wire->closed_by[1];
  t.pass(20'000);
  CHECK(t.wire->closed_by[0] + t.wire->closed_by[1] == closed);
}

TEST_CASE("a peer that is not the one that was looked for is refused, and tried again later") {
  two_links t;
  caf::anon_send(t.links[0], messages::stop{});
  t.settle();
  t.news[0]->all.clear();
  t.news[1]->all.clear();
  link_options o;
  o.link = {{"another cluster", "a", {30, 0}, {}, spoken, {}, 0, "caf a"}, "b", {}, {}};
  o.make_transport = side_of(t.wire, 0);
  o.owner = t.owners[0];
  o.clock = &t.wall;
  t.links[0] = spawn_link(t.system, std::move(o));
  t.pass(3000);
  REQUIRE(t.news[0]->of<peer_refused>().size() == 1);
  CHECK(t.news[0]->of<peer_refused>()[0].why.message.find("another cluster") != std::string::npos);
  CHECK(t.wire->closed_by[0] + t.wire->closed_by[1] > 0);
  CHECK(t.news[1]->of<session_opened>().empty());
  t.pass(20'000);
  CHECK(t.news[0]->of<peer_refused>().size() > 1);
  CHECK(t.news[0]->of<peer_refused>().size() < 8);
}

TEST_CASE("frames, credit and acknowledgements go over stand-ins as they would within a process") {
  one_edge t;
  t.send_up_to(1000);
  t.open();
  t.pass(500);
  CHECK(t.lane->is_done());
  CHECK(t.lane->answers == 2);
  CHECK(t.receiver->letters.size() == 2);
  t.check_in_order();
  CHECK(t.news[0]->of<stand_in_up>().size() == 1);
  CHECK(t.news[0]->of<stand_in_up>()[0].remote == life(7));
}

TEST_CASE("a session that is lost in the middle costs a question, no frame and no letter") {
  one_edge t;
  t.open();
  for (int part = 1; part <= 4; ++part) {
    t.send_up_to(100 * part);
    t.turns.run();
    for (int n = 0; n < 3 * part; ++n) {
      t.wire->carry(part % 2);
      t.turns.run();
    }
    t.wire->cut();
    t.pass(1000);
    CHECK(t.lane->downs == part);
  }
  t.pass(1000);
  CHECK(t.lane->is_done());
  CHECK(t.news[0]->of<session_opened>().size() == 5);
  CHECK(t.news[0]->of<stand_in_up>().size() == 5);
  CHECK(t.news[0]->of<stand_in_down>().size() == 4);
  t.check_in_order();
  CHECK(t.receiver->letters["p/0"].size() > 100);
}

TEST_CASE("a receiver's new life is talked to by a new stand-in, and the old one's words are void") {
  one_edge t;
  t.open();
  t.send_up_to(200);
  t.pass(300);
  REQUIRE(t.lane->is_done());
  auto former = t.receiver;
  caf::anon_send_exit(t.receiver_actor, caf::exit_reason::user_shutdown);
  t.receiver = std::make_shared<model_receiver>(life(9), t.number_of_logs);
  t.begin_receiver();
  t.send_up_to(300);
  t.pass(500);
  CHECK(t.news[0]->of<stand_in_up>().back().remote == life(9));
  CHECK(t.receiver->letters.size() == 2);
  CHECK(t.receiver->in.vector().at("p/0").at == position{0, 300});
  t.check_in_order();
  former->kept.clear();
}

TEST_CASE("a receiver that begins on its node after it was introduced is waited for") {
  one_edge t;
  caf::anon_send(t.links[1], local_down{two_links::edge, life(7)});
  t.open();
  caf::anon_send_exit(t.receiver_actor, caf::exit_reason::user_shutdown);
  t.receiver = std::make_shared<model_receiver>(life(8), t.number_of_logs);
  caf::anon_send(t.links[0], remote_up{two_links::edge, life(8)});
  t.send_up_to(50);
  t.pass(300);
  CHECK(t.receiver->letters.empty());
  t.begin_receiver();
  t.pass(300);
  CHECK(t.lane->is_done());
  t.check_in_order();
}

TEST_CASE("a receiver that takes nothing holds no more than its credit") {
  one_edge t(4);
  t.lane->letter = 3000;
  t.receiver->takes = false;
  t.open();
  t.send_up_to(100'000);
  t.pass(300);
  const auto kept = t.receiver->kept.size();
  CHECK(kept > 0);
  CHECK(t.lane->alive() == 0);
  t.pass(3000);
  CHECK(t.receiver->kept.size() == kept);
  std::size_t bytes = 0;
  for (const auto& m : t.receiver->kept)
    bytes += m.frame->bytes;
  CHECK(bytes < 4 * (t.lane->credit + 5 * 3200));  // each log's last frame goes beyond its credit
}

TEST_CASE("a process that stands still costs its peer the edge's credit, of which little is encoded") {
  constexpr std::size_t mib = std::size_t{1} << 20;
  one_edge t(4);
  t.lane->letter = 3000;
  t.lane->credit = 4 * mib;
  t.open();
  t.pass(200);
  t.send_up_to(100'000);
  t.turns.run();  // the wire carries none of it
  std::size_t under_way = 0, held = 0;
  for (const auto& bytes : t.wire->to[1])
    under_way += bytes.size();
  CHECK(under_way > mib / 2);
  CHECK(under_way < mib + mib / 10);
  for (const auto& f : t.lane->sent)
    if (const auto frame = f.lock())
      held += frame->bytes;
  CHECK(held > 4 * mib);
  CHECK(held < 17 * mib);
  // Progress needs no credit, and takes no more memory the more there is of it.
  const auto stand_in = t.news[0]->of<stand_in_up>().back().handle;
  std::vector<std::weak_ptr<const delivery::lane_frame>> notes;
  for (std::int64_t at = 0; at < 2000; ++at) {
    auto note = progress("p/0", {}, at, at + 1);
    notes.push_back(note.frame);
    caf::anon_send(stand_in, std::move(note));
    t.turns.run();
  }
  CHECK(std::ranges::count_if(notes, [](const auto& n) { return !n.expired(); }) <= 1);
}

TEST_CASE("what makes no sense on an edge ends the session, and the next one goes on") {
  one_edge t;
  t.open();
  t.send_up_to(20);
  t.pass(200);
  REQUIRE(t.lane->is_done());
  // A lane gets no frames: the way of the edge is the other one.
  caf::anon_send(t.links[1], send_on_edge{1,
                                          {two_links::edge,
                                           {},
                                           kind::content,
                                           with_header({life(7), t.lane->now},
                                                       messages::encode_message(letters("p/0", {}, 0, 1)))}});
  t.pass(1000);
  CHECK(t.news[0]->of<session_ended>().size() == 1);
  t.send_up_to(40);
  t.pass(1000);
  CHECK(t.lane->is_done());
}

TEST_CASE("output and what its receiver says go over stand-ins as well") {
  two_links t;
  t.open();
  struct heard {
    std::vector<std::string> all;
    messages::output_receiver sink;
  };
  const auto shard = std::make_shared<heard>(), sink = std::make_shared<heard>();
  const messages::output_sender shard_actor = t.system.spawn(
      [](messages::output_sender::pointer self,
         const std::shared_ptr<heard>& h) -> messages::output_sender::behavior_type {
        return {[=](const messages::resume_output& m) {
                  h->all.push_back("resume " + m.sink);
                  self->send(m.from, messages::output_resumed{m.log, life(3), {5, whole}});
                  delivery::output_frame f;
                  f.log = m.log;
                  f.since = {5, whole};
                  f.reached = {6, whole};
                  self->send(m.from,
                             messages::output{std::make_shared<const delivery::output_frame>(f), life(3)});
                },
                [=](const messages::furthest_known&) { h->all.push_back("furthest"); },
                [=](const messages::output_taken&) { h->all.push_back("taken"); },
                [=](const messages::output_acknowledged&) { h->all.push_back("acknowledged"); }};
      },
      shard);
  const messages::output_receiver sink_actor = t.system.spawn(
      [](messages::output_receiver::pointer,
         const std::shared_ptr<heard>& h) -> messages::output_receiver::behavior_type {
        return {[=](const messages::output& m) {
                  h->all.push_back("output up to " + std::to_string(m.frame->reached.major));
                },
                [=](const messages::output_resumed& m) {
                  h->all.push_back("resumed from " + std::to_string(m.from.major));
                }};
      },
      sink);
  caf::anon_send(t.links[0], local_up{two_links::edge, shard_actor, life(3)});
  caf::anon_send(t.links[1], local_up{two_links::edge, sink_actor, life(4)});
  caf::anon_send(t.links[1], remote_up{two_links::edge, life(3)});
  t.settle();
  const auto up = t.news[1]->of<stand_in_up>();
  REQUIRE(up.size() == 1);
  caf::anon_send(up[0].handle, messages::resume_output{"w/0/0", "sink", life(4), {}, {}, sink_actor});
  caf::anon_send(up[0].handle, messages::furthest_known{"w/0/0", "sink", {1, 1}});
  caf::anon_send(up[0].handle, messages::output_taken{"w/0/0", "sink", life(4), {6, whole}});
  caf::anon_send(up[0].handle, messages::output_acknowledged{"w/0/0", "sink", {6, whole}});
  t.settle();
  CHECK(shard->all == std::vector<std::string>{"resume sink", "furthest", "taken", "acknowledged"});
  CHECK(sink->all == std::vector<std::string>{"resumed from 5", "output up to 6"});
  caf::anon_send_exit(shard_actor, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(sink_actor, caf::exit_reason::user_shutdown);
  t.turns.run();
}
