#include "actors/link/notes.hpp"
#include "actors/link/outgoing_messages.hpp"
#include "tests/unit/link_actor/edge_messages.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::link;
using namespace millrace::link::test;

namespace {

constexpr delivery::fence first{{1}, 1}, second{{1}, 2};

messages::edge_message credit(const delivery::fence& stamp, std::size_t bytes, const log_id& log = "p/0") {
  return messages::credit_returned{log, 0, stamp, bytes};
}
std::vector<messages::edge_message> all_of(outgoing_messages& o) {
  std::vector<messages::edge_message> out;
  while (auto next = o.next())
    out.push_back(std::move(next->what));
  return out;
}
std::size_t bytes_of(const messages::edge_message& m) { return std::get<messages::credit_returned>(m).bytes; }

}  // namespace

TEST_CASE("credit goes as the total of its log and fence, and a later one takes an earlier one's place") {
  outgoing_messages o;
  o.push(credit(first, 10));
  o.push(credit(first, 5));
  o.push(credit(first, 7, "p/1"));
  auto sent = all_of(o);
  REQUIRE(sent.size() == 2);
  CHECK(bytes_of(sent[0]) == 15);
  CHECK(bytes_of(sent[1]) == 7);
  o.push(credit(first, 1));
  o.push(credit(second, 3));
  o.push(credit(first, 100));
  sent = all_of(o);
  REQUIRE(sent.size() == 1);
  CHECK(bytes_of(sent[0]) == 3);
}

TEST_CASE("the lane's side takes totals apart, whichever were left out on the way") {
  credit_totals totals;
  const auto taken_apart = [&](const delivery::fence& stamp, std::size_t total) -> std::size_t {
    auto m = std::get<messages::credit_returned>(credit(stamp, total));
    return totals.take_apart(m) ? m.bytes : 0;
  };
  CHECK(taken_apart(first, 10) == 10);
  CHECK(taken_apart(first, 10) == 0);
  CHECK(taken_apart(first, 25) == 15);
  CHECK(taken_apart(second, 4) == 4);
  CHECK(taken_apart(first, 30) == 0);
  CHECK(taken_apart(second, 9) == 5);
}

TEST_CASE("progress without content is joined while it waits, with what it counted") {
  outgoing_messages o;
  for (std::int64_t at = 0; at < 1000; ++at) {
    o.push(progress("p/0", first, at, at + 1, {{"where", {1, 0, 1, 0, 0}}}));
    o.push(progress("p/1", first, at, at + 1));
  }
  CHECK(o.waiting() == 2);
  const auto sent = all_of(o);
  const auto& f = *std::get<messages::take_frame>(sent[0]).frame;
  CHECK(f.from == position{0, 0});
  CHECK(f.to == position{0, 1000});
  REQUIRE(f.counts.size() == 1);
  CHECK(f.counts[0].counts == delivery::stage_counts{1000, 0, 1000, 0, 0});
}

TEST_CASE("progress is not joined over content, another fence, a gap, or with a source's being idle") {
  const auto waiting = [](messages::edge_message between, std::int64_t goes_on_at,
                          const delivery::fence& stamp) {
    outgoing_messages o;
    o.push(progress("p/0", first, 0, 1));
    o.push(std::move(between));
    o.push(progress("p/0", stamp, goes_on_at, 5));
    return o.waiting();
  };
  const messages::edge_message other_log = progress("p/1", first, 0, 1);
  CHECK(waiting(other_log, 1, first) == 2);
  CHECK(waiting(other_log, 1, second) == 3);
  CHECK(waiting(other_log, 2, first) == 3);
  CHECK(waiting(letters("p/0", first, 1, 1), 1, first) == 3);
  CHECK(waiting(idle("p/0", first, 1), 1, first) == 3);
}

TEST_CASE("an output's progress is joined likewise") {
  const auto at = [](std::int64_t since, std::int64_t reached) {
    delivery::output_frame f;
    f.log = "w/0/0";
    f.since = {since, whole};
    f.reached = {reached, whole};
    return messages::output{std::make_shared<const delivery::output_frame>(std::move(f)), life(3)};
  };
  outgoing_messages o;
  o.push(at(0, 1));
  o.push(at(1, 4));
  const auto sent = all_of(o);
  REQUIRE(sent.size() == 1);
  const auto& f = *std::get<messages::output>(sent[0]).frame;
  CHECK(f.since == position{0, whole});
  CHECK(f.reached == position{4, whole});
}

TEST_CASE("acknowledgements and what a sink has taken give way to later ones") {
  outgoing_messages o;
  for (std::int64_t at = 0; at < 100; ++at) {
    o.push(messages::acknowledged{"p/0", 0, {0, at}});
    o.push(messages::output_acknowledged{"w/0/0", "sink", {at, whole}});
    o.push(messages::output_taken{"w/0/0", "sink", life(2), {at, whole}});
  }
  const auto sent = all_of(o);
  REQUIRE(sent.size() == 3);
  CHECK(std::get<messages::acknowledged>(sent[0]).below == position{0, 99});
}

TEST_CASE("no more than so many bytes are with the link, and one message in any case") {
  outgoing_messages o;
  for (std::int64_t at = 0; at < 5; ++at)
    o.push(letters("p/0", first, at, at + 1));
  REQUIRE(o.next());
  o.sent(outgoing_messages::most_unanswered - 1);
  REQUIRE(o.next());
  o.sent(1);
  CHECK_FALSE(o.next());
  o.answered(1);
  CHECK(o.next());
}

TEST_CASE("notes with their headers are joined where the lives are the same, and nothing else is") {
  const auto bytes = [](const messages::edge_message& m, std::uint64_t to) {
    return with_header({life(1), life(to)}, messages::encode_message(m));
  };
  const auto a = bytes(progress("p/0", first, 0, 1), 2), b = bytes(progress("p/0", first, 1, 2), 2);
  const auto sum = join_note_bytes(a, b);
  REQUIRE(sum);
  CHECK(text_of(*sum) == text_of(bytes(progress("p/0", first, 0, 2), 2)));
  CHECK_FALSE(join_note_bytes(a, bytes(progress("p/0", first, 1, 2), 3)));
  CHECK_FALSE(join_note_bytes(a, bytes(letters("p/0", first, 1, 2), 2)));
  CHECK_FALSE(join_note_bytes(a, {make_piece("short")}));
}
