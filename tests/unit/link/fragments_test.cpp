#include "tests/unit/link/link_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;
using namespace millrace::link;
using namespace millrace::link::test;

namespace {

constexpr std::size_t unbounded = 1U << 30;
using names = std::vector<std::string>;

fragments small() { return {small_limits(), join_notes}; }

void put(fragments& f, message m) { REQUIRE(f.queue(std::move(m)) == taken::queued); }

/// Edges of the fragments that leave, packet by packet, until nothing waits.
std::vector<std::vector<edge_id>> edges_of_packets(fragments& f) {
  std::vector<std::vector<edge_id>> out;
  for (auto next = f.next(unbounded); !next.empty(); next = f.next(unbounded)) {
    auto& edges = out.emplace_back();
    for (const auto& x : next)
      edges.push_back(x.header.edge);
  }
  return out;
}

}  // namespace

TEST_CASE("small messages of several edges share a packet, and each edge's stay in order") {
  auto f = small();
  put(f, content(1, "a"));
  put(f, content(1, "b"));
  put(f, content(2, "c"));
  put(f, content(1, ""));
  CHECK(texts(f.next(unbounded)) == names{"1:a", "2:c", "1:b", "1:"});
  CHECK(f.empty());
  CHECK(f.queued() == 0);
  CHECK(f.next(unbounded).empty());
}

TEST_CASE("a large message is cut into fragments that its bytes are put together from") {
  auto f = small();
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += std::to_string(i);
  message m{4, {}, kind::content, {make_piece(text.substr(0, 300)), make_piece(text.substr(300))}};
  put(f, std::move(m));
  std::string all;
  for (auto next = f.next(unbounded); !next.empty(); next = f.next(unbounded)) {
    REQUIRE(next.size() == 1);
    CHECK(next[0].header.total == text.size());
    CHECK(next[0].header.length == size_of(next[0].bytes));
    CHECK(next[0].header.length + sizeof(fragment_header) <= small_limits().fragment);
    all += text_of(next[0].bytes);
  }
  CHECK(all == text);
  CHECK(f.queued() == 0);
}

TEST_CASE("a large frame of one edge holds another's small message up by one fragment") {
  auto f = small();
  put(f, content(1, std::string(2000, 'x')));
  CHECK(f.next(unbounded).size() == 1);
  put(f, content(2, "small"));
  const auto packets = edges_of_packets(f);
  // The small one goes with the next fragment of the large one, or at the latest after it.
  CHECK((packets[0].back() == 2 || packets[1].front() == 2));
}

TEST_CASE("large frames of several edges leave by turns") {
  auto f = small();
  for (edge_id edge = 1; edge <= 3; ++edge)
    put(f, content(edge, std::string(1600, 'x')));
  const auto packets = edges_of_packets(f);
  REQUIRE(packets.size() > 8);
  for (std::size_t i = 0; i < 9; ++i)
    CHECK(packets[i][0] == i % 3 + 1);
}

TEST_CASE("fragments take no more than the room, and none but the last of a message is short") {
  auto f = small();
  put(f, content(1, std::string(600, 'x')));
  CHECK(f.next(sizeof(fragment_header) - 1).empty());
  CHECK(f.next(sizeof(fragment_header) + 15).empty());
  const auto first = f.next(sizeof(fragment_header) + 16);
  REQUIRE(first.size() == 1);
  CHECK(first[0].header.length == 16);
  CHECK(f.next(sizeof(fragment_header) + 496).size() == 1);
  CHECK(f.next(sizeof(fragment_header) + 87).size() == 1);
  CHECK(f.next(sizeof(fragment_header)).empty());
  CHECK(texts(f.next(sizeof(fragment_header) + 1)) == names{"1:x"});
}

TEST_CASE("a message that a packet can hold is not cut, unless it left most of a packet empty") {
  auto f = small();
  for (edge_id edge = 1; edge <= 3; ++edge)
    put(f, content(edge, std::string(300, 'x')));
  CHECK(f.next(400).size() == 1);
  CHECK(f.next(sizeof(fragment_header) + 299).empty());
  CHECK(f.next(unbounded).size() == 1);
  CHECK(texts(f.next(sizeof(fragment_header) + 300)) == names{"3:" + std::string(300, 'x')});
  CHECK(f.empty());
  put(f, content(1, std::string(100, 'x')));
  put(f, content(2, std::string(450, 'y')));
  CHECK(edges_of_packets(f) == std::vector<std::vector<edge_id>>{{1, 2}, {2}});
}

TEST_CASE("a packet has a bounded number of fragments") {
  auto f = small();
  for (edge_id edge = 0; edge < 10; ++edge)
    put(f, content(edge, ""));
  CHECK(f.next(unbounded).size() == 8);
  CHECK(f.next(unbounded).size() == 2);
}

TEST_CASE("notes of one edge and fence are joined while they wait, and no content is overtaken") {
  auto f = small();
  put(f, of_kind(kind::note, 1, "0-4", 7));
  CHECK(f.queue(of_kind(kind::note, 1, "4-9", 7)) == taken::joined);
  put(f, of_kind(kind::note, 2, "9-10", 7));
  put(f, content(1, "frame"));
  put(f, of_kind(kind::note, 1, "9-12", 7));
  put(f, of_kind(kind::note, 1, "12-13", 8));
  put(f, of_kind(kind::note, 1, "20-21", 8));
  names one;
  for (const auto& text : texts(f.next(unbounded)))
    if (text.front() == '1')
      one.push_back(text);
  CHECK(one == names{"1:0-9", "1:frame", "1:9-12", "1:12-13", "1:20-21"});
  CHECK(f.queued() == 0);
}

TEST_CASE("without a joiner each note goes by itself") {
  fragments f{small_limits(), {}};
  put(f, of_kind(kind::note, 1, "0-4"));
  put(f, of_kind(kind::note, 1, "4-5"));
  CHECK(texts(f.next(unbounded)) == names{"1:0-4", "1:4-5"});
}

TEST_CASE("later credit and acknowledgements take the place of earlier ones that have not left") {
  auto f = small();
  put(f, of_kind(kind::credit, 1, "10", 3));
  put(f, of_kind(kind::acknowledgement, 1, "below 5"));
  CHECK(f.queue(of_kind(kind::credit, 1, "30", 3)) == taken::joined);
  CHECK(f.queue(of_kind(kind::acknowledgement, 1, "below 9")) == taken::joined);
  CHECK(f.queue(of_kind(kind::credit, 1, "5", 4)) == taken::joined);
  put(f, of_kind(kind::credit, 2, "1", 3));
  CHECK(texts(f.next(unbounded)) == names{"1:5", "2:1", "1:below 9"});
  put(f, of_kind(kind::credit, 1, "40", 4));
  CHECK(f.queued() == 2 + small_limits().each_message);
}

TEST_CASE("credit of an older fence does not replace a newer fence's") {
  auto f = small();
  put(f, of_kind(kind::credit, 1, "10", 4));
  CHECK(f.queue(of_kind(kind::credit, 1, "99", 3)) == taken::joined);
  CHECK(texts(f.next(unbounded)) == names{"1:10"});
}

TEST_CASE("credit does not overtake the answer that its fence comes from") {
  auto f = small();
  put(f, of_kind(kind::credit, 1, "10", 3));
  put(f, content(1, "answer of fence 4"));
  put(f, of_kind(kind::credit, 1, "20", 4));
  CHECK(texts(f.next(unbounded)) == names{"1:10", "1:answer of fence 4", "1:20"});
}

TEST_CASE("an edge's queue is bounded by its credit, and says when there is room") {
  auto f = small();
  f.set_credit(1, 500);
  put(f, content(1, std::string(400, 'x')));
  auto again = content(1, std::string(100, 'y'));
  CHECK(f.queue(std::move(again)) == taken::no_room);
  CHECK(text_of(again.bytes) == std::string(100, 'y'));
  CHECK(f.queue(content(1, std::string(100, 'y'))) == taken::no_room);
  CHECK(f.take_room().empty());
  put(f, content(2, std::string(400, 'x')));
  while (!f.next(unbounded).empty())
    ;
  CHECK(f.take_room() == std::vector<edge_id>{1});
  CHECK(f.take_room().empty());
  put(f, std::move(again));
}

TEST_CASE("an edge's empty queue takes one message that is longer than its credit") {
  auto f = small();
  f.set_credit(1, 500);
  put(f, content(1, std::string(5000, 'x')));
  CHECK(f.queue(content(1, "y")) == taken::no_room);
}

TEST_CASE("all edges together are bounded, but credit and acknowledgements are taken always") {
  auto f = small();
  for (edge_id edge = 1; edge <= 3; ++edge)
    put(f, content(edge, std::string(3900, 'x')));
  CHECK(f.queue(content(4, std::string(3900, 'x'))) == taken::no_room);
  put(f, of_kind(kind::credit, 4, "1"));
  put(f, of_kind(kind::acknowledgement, 4, "1"));
  CHECK(f.queue(of_kind(kind::note, 4, std::string(300, '1'))) == taken::no_room);
}

TEST_CASE("only edges without a message that waits get ahead of what leaves soon") {
  auto f = small();
  put(f, content(1, std::string(700, 'x')));
  CHECK(f.queue(content(1, std::string(400, 'x'))) == taken::no_room);
  put(f, content(2, std::string(700, 'x')));
  CHECK(f.take_room().empty());
  while (f.queued() > 512)
    static_cast<void>(f.next(unbounded));
  CHECK(f.take_room() == std::vector<edge_id>{1});
}

TEST_CASE("what is too long for a link is told, and changes nothing") {
  auto f = small();
  CHECK(f.queue(content(1, std::string(16'001, 'x'))) == taken::too_long);
  CHECK(f.queue(of_kind(kind::credit, 1, std::string(33, 'x'))) == taken::too_long);
  CHECK(f.empty());
}

TEST_CASE("a message longer than all that may wait finds the link kept free for it") {
  auto f = small();
  put(f, content(1, "x"));
  CHECK(f.queue(content(2, std::string(13'000, 'x'))) == taken::no_room);
  CHECK(f.queue(content(3, "y")) == taken::no_room);
  CHECK(f.queue(content(1, "z")) == taken::no_room);
  CHECK(f.take_room().empty());
  CHECK(texts(f.next(unbounded)) == names{"1:x"});
  CHECK(f.take_room() == std::vector<edge_id>{2});
  put(f, content(2, std::string(13'000, 'x')));
  while (!f.next(unbounded).empty())
    ;
  CHECK(f.take_room() == std::vector<edge_id>{3, 1});
}

TEST_CASE("an edge is not told of room that its message does not find") {
  auto f = small();
  put(f, content(1, std::string(2500, 'x')));
  CHECK(f.queue(content(1, std::string(2000, 'y'))) == taken::no_room);
  CHECK(f.take_room().empty());
  while (!f.next(unbounded).empty())
    ;
  CHECK(f.take_room() == std::vector<edge_id>{1});
  put(f, content(1, std::string(2000, 'y')));
}

TEST_CASE("messages that have begun are bounded together; the first that waits begins next") {
  auto l = small_limits();
  l.begun = 5000;
  fragments f{l, {}};
  put(f, content(1, std::string(3000, 'x')));
  put(f, content(2, std::string(3000, 'x')));
  put(f, content(3, std::string(1500, 'x')));
  put(f, content(4, "small"));
  const auto packets = edges_of_packets(f);
  std::vector<edge_id> order;
  std::size_t small_at = 0;
  for (std::size_t i = 0; i < packets.size(); ++i)
    for (const auto edge : packets[i]) {
      if (edge == 4)
        small_at = i;
      if (edge != 4 && std::ranges::find(order, edge) == order.end())
        order.push_back(edge);
    }
  CHECK(order == std::vector<edge_id>{1, 2, 3});
  CHECK(small_at <= 1);
  // 2 and 3 have begun only after 1 was whole.
  const auto last_of_one = std::find_if(packets.rbegin(), packets.rend(), [](const auto& p) {
    return std::ranges::find(p, edge_id{1}) != p.end();
  });
  const auto first_of_two = std::find_if(packets.begin(), packets.end(), [](const auto& p) {
    return std::ranges::find(p, edge_id{2}) != p.end();
  });
  CHECK(last_of_one.base() - packets.begin() <= first_of_two - packets.begin() + 1);
}

TEST_CASE("a message that fits a packet is not held up by large ones that may not begin") {
  auto l = small_limits();
  l.begun = 1000;
  fragments f{l, {}};
  put(f, content(1, std::string(900, 'x')));
  CHECK(f.next(100).size() == 1);
  put(f, content(2, std::string(200, 'x')));
  put(f, content(3, std::string(900, 'y')));
  std::size_t all = 0;
  for (auto next = f.next(100); all < 100 && !f.empty(); next = f.next(all % 3 == 0 ? 256 : 100))
    ++all;
  CHECK(f.empty());
}

TEST_CASE("what waits is gone when the session is") {
  auto f = small();
  put(f, content(1, std::string(3000, 'x')));
  static_cast<void>(f.next(unbounded));
  CHECK(f.queue(content(1, std::string(3000, 'x'))) == taken::no_room);
  f.clear();
  CHECK(f.empty());
  CHECK(f.queued() == 0);
  CHECK(f.next(unbounded).empty());
  CHECK(f.take_room() == std::vector<edge_id>{1});
  put(f, content(1, "x"));
  CHECK(texts(f.next(unbounded)) == names{"1:x"});
}

TEST_CASE("credit, acknowledgements and notes of one log say nothing about another log of the edge") {
  const auto of_log = [](kind k, std::uint64_t log, std::string text, std::uint64_t fence) {
    auto m = of_kind(k, 1, std::move(text), fence);
    m.about = log;
    return m;
  };
  auto f = small();
  put(f, of_log(kind::credit, 7, "7:10", 2));
  put(f, of_log(kind::credit, 8, "8:20", 1));
  put(f, of_log(kind::note, 7, "0-5", 2));
  put(f, of_log(kind::note, 8, "5-6", 2));
  CHECK(f.queue(of_log(kind::credit, 7, "7:30", 2)) == taken::joined);
  CHECK(f.queue(of_log(kind::credit, 8, "8:40", 1)) == taken::joined);
  CHECK(f.queue(of_log(kind::note, 7, "5-9", 2)) == taken::joined);
  CHECK(texts(f.next(unbounded)) == names{"1:7:30", "1:8:40", "1:0-9", "1:5-6"});
}
