// Two ends of a link over a connection that delays, breaks, loses single packets or one direction for a
// while, brings packets twice and late, and processes that stand still or begin again. In any case the
// receiver of an edge gets, of the messages that the sender was told are taken in a session, a beginning, in
// that order and once, in the same session; the window and the queues are never exceeded; and when faults
// cease, everything arrives, and late packets of old sessions end nothing.
// MILLRACE_SEED replays one schedule, MILLRACE_SEEDS says how many run.
#include "runtime/base/sanitizer.hpp"
#include "tests/property/link/end.hpp"
#include "tests/support/schedules.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <memory>

namespace millrace::link::trial {
namespace {

class schedule {
public:
  explicit schedule(std::uint64_t seed) : random_(seed) {
    one_in_ = std::array{0U, 400U, 120U, 40U}[below(4)];
    ends_[0] = begin(0);
    ends_[1] = begin(1);
  }

  void run() {
    for (auto steps = 300 + below(2500); steps > 0; --steps) {
      if (one_in_ != 0 && below(one_in_) == 0)
        fault();
      step();
    }
    quiet();
  }

private:
  std::size_t below(std::size_t n) { return random_() % n; }

  std::unique_ptr<end> begin(std::size_t which) {
    return std::make_unique<end>(which == 0 ? "a" : "b", which == 0 ? "b" : "a", ++processes_, all_, random_);
  }

  bool is_asleep(std::size_t which) const { return now_.steady < asleep_[which]; }

  void step() {
    const auto which = below(2);
    auto& e = *ends_[which];
    if (is_asleep(which))
      return pass(5);
    switch (below(12)) {
    case 0:
      return join(which);
    case 1:
    case 2:
      pass(1 + static_cast<std::int64_t>(below(60)));
      return e.tick(now_);
    case 3:
    case 4:
    case 5:
      return e.say();
    case 6:
      if (below(8) == 0)
        come_late(which);
      return;
    default:
      return carry(1 - which);
    }
  }

  void pass(std::int64_t milliseconds) {
    now_.steady += micros(milliseconds * 1000);
    now_.wall += milliseconds * 1000;
  }

  /// An end learns that its connection is broken, or of the new one.
  void join(std::size_t which) {
    auto& e = *ends_[which];
    if (e.connection == connection_)
      return;
    if (e.connection != 0 && below(2) == 0)
      e.close(now_);
    else
      e.connect(now_, connection_);
  }

  /// The next parcel from this end arrives, if both are of its connection.
  void carry(std::size_t from) {
    auto& e = *ends_[from];
    if (e.sent.empty() || is_asleep(1 - from))
      return;
    const auto p = e.take_sent();
    auto& to = *ends_[1 - from];
    const bool is_cut = now_.steady < one_way_[from];
    if (p.connection == connection_ && to.connection == connection_ && !is_cut)
      to.receive(now_, p.bytes);
    within_window(e);
  }

  void within_window(const end& e) {
    std::size_t bytes = 0;
    for (const auto& p : e.sent)
      bytes +=
          p.connection == connection_ && e.connection == connection_ && is_of_session(e, p) ? p.content : 0;
    require(bytes <= link::test::small_limits().window, "more than the window is under way");
  }
  static bool is_of_session(const end& e, const parcel_under_way& p) {
    const auto packet = decode_packet(make_piece(p.bytes), link::test::small_limits());
    return packet && packet->session() == e.open;
  }

  /// A packet that was sent once comes again, at any time and by any connection.
  void come_late(std::size_t to) {
    const auto& old = below(4) == 0 ? gone_[1 - to] : ends_[1 - to]->old;
    if (!old.empty() && ends_[to]->connection != 0)
      ends_[to]->receive(now_, old[below(old.size())]);
  }

  void fault() {
    const auto which = below(2);
    auto& e = *ends_[which];
    switch (below(8)) {
    case 0:
    case 1:
      ++connection_;
      return;
    case 2:
    case 3:
      if (!e.sent.empty())
        e.sent.erase(e.sent.begin() + static_cast<std::ptrdiff_t>(below(e.sent.size())));
      return;
    case 4:
      one_way_[which] = now_.steady + micros(static_cast<std::int64_t>(below(4'000'000)));
      return;
    case 5:
      asleep_[which] = now_.steady + micros(static_cast<std::int64_t>(below(3'000'000)));
      return;
    case 6:
      pass(static_cast<std::int64_t>(below(3000)));
      return;
    default:
      if (e.connection != 0 && below(2) == 0)
        return e.receive(now_, std::string(1, static_cast<char>(parcel::packet)) + "garbage");
      gone_[which] = e.old;
      ends_[which] = begin(which);
    }
  }

  /// Carries and ticks until nothing is under way and nothing waits.
  void calm_down(bool with_late) {
    for (int i = 0; i < 60; ++i) {
      pass(50);
      for (std::size_t which = 0; which < 2; ++which)
        ends_[which]->tick(now_);
      for (int n = 0; n < 4000 && (!ends_[0]->sent.empty() || !ends_[1]->sent.empty()); ++n) {
        if (with_late && below(6) == 0)
          come_late(below(2));
        carry(below(2));
      }
    }
  }

  void quiet() {
    asleep_ = one_way_ = {};
    for (std::size_t which = 0; which < 2; ++which)
      if (ends_[which]->connection != connection_)
        ends_[which]->connect(now_, connection_);
    calm_down(false);
    auto &a = *ends_[0], &b = *ends_[1];
    require(a.open && b.open && *a.open == seen_from_there(*b.open), "the ends do not agree on a session");
    const auto ended = a.ended + b.ended;
    for (int i = 0; i < 60; ++i)
      ends_[below(2)]->say();
    a.flush();
    b.flush();
    calm_down(true);
    require(a.ended + b.ended == ended, "a session ends while nothing is lost");
    require(!a.waits() && !b.waits(), "a message waits for room that there is");
    all_.complete(*a.open);
    all_.complete(*b.open);
    require(a.link.unacknowledged() == 0 && b.link.unacknowledged() == 0,
            "what has come is not acknowledged");
    require(a.link.peer_standing() == standing::alive && b.link.peer_standing() == standing::alive,
            "a node that answers is not alive");
  }

  std::mt19937_64 random_;
  unsigned one_in_ = 0;
  oracle all_;
  std::uint64_t processes_ = 0, connection_ = 1;
  std::array<std::unique_ptr<end>, 2> ends_;
  std::array<std::vector<std::string>, 2> gone_;  // texts sent by processes that are gone
  std::array<micros, 2> asleep_{}, one_way_{};
  moment now_{micros(1'000'000), 0};
};

std::optional<std::string> run(std::uint64_t seed) {
  try {
    schedule(seed).run();
  } catch (const wrong& e) {
    return e.text;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("an edge's messages arrive in order and once in their session, whatever the connection does") {
  millrace::test::seeds(with_address_sanitizer ? 500 : 2'000).check(run);
}

}  // namespace millrace::link::trial
