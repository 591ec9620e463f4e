// One end of the link under trial, as its node has it: what it sends, what waits for room, and what it was told.
#pragma once

#include "tests/property/link/oracle.hpp"
#include "tests/unit/link/link_fixture.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <set>

namespace millrace::link::trial {

inline constexpr edge_id edges = 6;

struct parcel_under_way {
  std::string bytes;
  std::uint64_t connection = 0;
  std::size_t content = 0;  // bytes that count for the window
};

class end {
public:
  end(std::string name, std::string other, std::uint64_t process, oracle& all, std::mt19937_64& random)
      : name_(name), random_(random), all_(all),
        link({{"production", name, {process, 0}, {}, spoken, {}, 0, "caf " + name},
              other,
              link::test::small_limits(),
              link::test::join_notes}) {
    link.set_credit(0, 700);
  }

  void connect(const moment& at, std::uint64_t to) {
    connection = to;
    link.connected(at, done);
    settle();
  }
  void close(const moment& at) {
    connection = 0;
    if (random_() % 4 == 0)
      link.connection_refused(at, done);
    else
      link.closed(at, done);
    settle();
  }
  /// Remembers what has left: it may come again.
  [[nodiscard]] parcel_under_way take_sent() {
    auto p = std::move(sent.front());
    sent.pop_front();
    if (random_() % 4 == 0)
      old.push_back(p.bytes);
    if (old.size() > 60)
      old.erase(old.begin() + static_cast<std::ptrdiff_t>(random_() % old.size()));
    return p;
  }
  void receive(const moment& at, const std::string& bytes) {
    link.received(at, make_piece(bytes), done);
    settle();
  }
  void tick(const moment& at) {
    link.tick(at, done);
    settle();
  }
  void flush() {
    link.flush(done);
    settle();
  }

  /// Something new, on any edge; what was refused on this edge before goes first.
  void say() {
    const auto edge = static_cast<edge_id>(random_() % edges);
    if (waiting_[edge].size() < 4)
      waiting_[edge].push_back(something(edge));
    offer(edge);
    if (random_() % 2 == 0)
      flush();
  }
  [[nodiscard]] bool waits() const {
    for (const auto& [edge, messages] : waiting_)
      if (!messages.empty())
        return true;
    return false;
  }

  std::uint64_t connection = 0;  // 0: none
  std::deque<parcel_under_way> sent;
  std::vector<std::string> old;  // copies that may come again
  std::optional<session> open;
  std::size_t ended = 0;

private:
  std::string name_;
  std::mt19937_64& random_;
  oracle& all_;

public:
  node_link link;
  link_effect_list done;

private:
  message something(edge_id edge) {
    const auto number = ++said_;
    switch (random_() % 8) {
    case 0:
    case 1: {
      const auto from = position_[edge];
      position_[edge] += 1 + random_() % 5;
      fence_ += random_() % 8 == 0 ? 1 : 0;
      return link::test::of_kind(kind::note, edge, fmt::format("{}-{}", from, position_[edge]), fence_);
    }
    case 2:
      return link::test::of_kind(kind::credit, edge, fmt::format("{} credit", number), fence_);
    case 3:
      return link::test::of_kind(kind::acknowledgement, edge, fmt::format("{} below", number));
    default:
      constexpr std::size_t sizes[] = {0, 10, 30, 100, 250, 400, 1500, 3500, 9000};
      const auto size = sizes[random_() % (random_() % 4 == 0 ? 9 : 6)];
      return link::test::content(edge, fmt::format("{} content {}", number, std::string(size, 'x')));
    }
  }

  /// Sends in order, as long as there is room. Everything is dropped while there is no session, as stand-ins
  /// do.
  void offer(edge_id edge) {
    auto& q = waiting_[edge];
    for (; !q.empty(); q.pop_front()) {
      const auto text = text_of(q.front().bytes);
      const auto of = q.front();
      const auto what = link.send(std::move(q.front()));
      require((what == taken::no_session) == !open,
              "messages are taken without a session, or refused in one");
      if (what == taken::no_room)
        return require(text_of(q.front().bytes) == text, "a refused message is gone");
      if (open)
        all_.sent(*open, edge, of.kind, text, of.stamp.number);
    }
  }

  void settle() {
    for (auto& e : done.others)
      std::visit([this](const auto& x) { on(x); }, e);
    for (const auto& b : done.bytes)
      leave(text_of(b));
    const auto room = std::exchange(done, {}).room;
    for (const auto edge : room)
      offer(edge);
    const auto l = link::test::small_limits();
    require(link.unacknowledged() <= l.window, "the window is exceeded");
    require(link.begun() <= std::max(l.begun, l.longest_message), "too much has begun to arrive");
    require(link.queued() <= l.queued + 4 * edges * (l.longest_answer + l.each_message), "too much waits");
    if (!room.empty())
      flush();
  }

  void leave(std::string bytes) {
    const auto p = decode_packet(make_piece(bytes), link::test::small_limits());
    const auto content = p && !p->fragments.empty() ? bytes.size() : 0;
    sent.push_back({std::move(bytes), connection, content});
  }

  void on(const delivered& m) {
    require(open.has_value(), "a message comes without a session");
    all_.delivered(seen_from_there(*open), m);
  }
  void on(const session_opened& s) {
    require(!open, "a session opens beside another");
    require(ends_.insert(s.ends.mine).second, "a session is opened twice");
    open = s.ends;
  }
  void on(const session_ended& s) {
    require(open == s.ends, "a session ends that is not open");
    open.reset();
    waiting_.clear();
    ++ended;
  }
  void on(const standing_changed&) {}
  void on(const peer_refused& r) { throw wrong{name_ + " refuses the other: " + r.why.message}; }
  void on(const peer_warned&) {}

  std::set<link_end> ends_;
  std::map<edge_id, std::deque<message>> waiting_;
  std::map<edge_id, std::uint64_t> position_;
  std::uint64_t said_ = 0, fence_ = 1;
};

}  // namespace millrace::link::trial
