// The frame protocol over a link whose way delays, breaks, loses one direction for a while, brings bytes
// twice and late, and whose receiver begins again. Letters always come in order, once in a life of the
// receiver, and all of them once faults cease. MILLRACE_SEED replays one schedule, MILLRACE_SEEDS says how
// many run.
#include "tests/support/schedules.hpp"
#include "tests/unit/link_actor/one_edge.hpp"

#include <array>
#include <random>

using namespace millrace;
using namespace millrace::link;
using namespace millrace::link::test;

namespace {

class faults {
public:
  explicit faults(std::uint64_t seed) : random_(seed) {}

  void run() {
    for (auto steps = 100 + below(300); steps > 0; --steps)
      step();
    for (auto& loses : t_.wire->loses)
      loses = false;
    t_.wire->unreachable = false;
    t_.lane->until = sent_ += 10;
    t_.pass(12'000);
    caf::anon_send(t_.lane_actor, go_on{});
    t_.pass(1000);
    CHECK(t_.lane->is_done());
    t_.check_in_order();
    for (const auto& [log, at] : t_.receiver->in.vector())
      CHECK(at.at.minor == sent_);
  }

private:
  std::size_t below(std::size_t n) { return random_() % n; }

  void step() {
    switch (below(24)) {
    case 0:
      if (t_.wire->is_open)
        t_.wire->cut();
      break;
    case 1:
      t_.wire->loses[below(2)] ^= true;
      break;
    case 2:
      t_.wire->unreachable ^= true;
      break;
    case 3:
      begin_receiver_again();
      break;
    case 4:  // a packet of any earlier time, to the end that it was for
      if (!seen_.empty()) {
        const auto& [side, bytes] = seen_[below(seen_.size())];
        t_.wire->give(side, bytes);
      }
      break;
    case 5:
    case 6:
    case 7:
      t_.turns.clock().advance_time(std::chrono::milliseconds(10 + below(300)));
      break;
    case 8:
    case 9:
    case 10:
      t_.send_up_to(sent_ += static_cast<std::int64_t>(below(40)));
      break;
    default:
      carry();
      break;
    }
    for (auto turns = below(40); turns > 0 && t_.turns.try_run_once(); --turns) {
    }
  }
  void carry() {
    const auto side = static_cast<int>(below(2));
    auto& waiting = t_.wire->to[side];
    if (waiting.empty())
      return;
    if (seen_.size() < 200)
      seen_.emplace_back(side, waiting.front());
    t_.wire->carry(side);
  }
  void begin_receiver_again() {
    caf::anon_send_exit(t_.receiver_actor, caf::exit_reason::user_shutdown);
    // It goes on where it was, as from a snapshot; what it had then comes once more to nobody.
    auto next = std::make_shared<model_receiver>(life(++life_), t_.number_of_logs);
    t_.turns.run();
    next->in.restore(t_.receiver->in.vector());
    next->letters = t_.receiver->letters;
    t_.receiver = std::move(next);
    t_.begin_receiver();
  }

  std::mt19937_64 random_;
  one_edge t_;
  std::int64_t sent_ = 0;
  std::uint64_t life_ = 7;
  std::vector<std::pair<int, std::string>> seen_;
};

}  // namespace

TEST_CASE("random faults of the way and lives of the receiver cost no letter, and bring none twice") {
  millrace::test::seeds(101).check([](std::uint64_t seed) {
    INFO("MILLRACE_SEED=" << seed);
    faults(seed).run();
    return std::nullopt;
  });
}
