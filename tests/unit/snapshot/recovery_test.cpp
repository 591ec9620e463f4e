// Random lives of an actor's snapshots: appends, compactions, zombies, full disks, crashes between any two
// operations, losses of power, damage to any one file. All that was acknowledged comes back, and no more.
#include "runtime/base/sanitizer.hpp"
#include "runtime/wire/bytes.hpp"
#include "tests/support/schedules.hpp"
#include "tests/unit/snapshot/folder_fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;

namespace {

using items = std::vector<std::string>;

const std::string actor = "a";

/// A base is the list of all increments in it: nothing may be missing, doubled or out of order.
expected<std::string> merge(const snapshots::chain& c) {
  wire::writer out;
  out.raw(c.base);
  for (const auto& i : c.increments)
    out.string(i);
  return out.take();
}

items contents_of(const snapshots::chain& c) {
  items all;
  wire::reader in(c.base);
  while (!in.at_end())
    all.emplace_back(in.string());
  REQUIRE(in.ok());
  all.insert(all.end(), c.increments.begin(), c.increments.end());
  return all;
}

/// The items that were acknowledged, and those that may be there instead: the outcomes of attempts that
/// failed since.
struct truth {
  items acked;
  std::vector<items> perhaps;

  void succeeded(items now) {
    acked = std::move(now);
    perhaps.clear();
  }
  [[nodiscard]] bool allows(const items& found) const {
    return found == acked || std::ranges::find(perhaps, found) != perhaps.end();
  }
};

class lives_of_an_actor {
public:
  explicit lives_of_an_actor(std::uint64_t seed) : random_(seed), files_(seed * 31 + 7) {}

  void run(int steps) {
    reopen(false);
    for (int i = 0; i < steps; ++i) {
      step();
      if (files_.is_dead())
        come_back(below(2) == 0);
    }
    come_back(false);
  }

private:
  std::size_t below(std::size_t n) { return random_() % n; }
  std::string payload() {
    std::string p = std::to_string(++counter_) + ":";
    p.append(below(5) == 0 ? below(300) : below(12), static_cast<char>(random_()));
    return p;
  }

  void step() {
    switch (below(16)) {
    case 0:
      files_.crash_after(1 + below(25));
      break;
    case 1:
      come_back(below(2) == 0);
      break;
    case 2:
      files_.fail_next(1 + static_cast<unsigned>(below(6)), static_cast<unsigned>(below(8)));
      break;
    case 3:
      damage_one_file();
      break;
    case 4:
      restart_actor();
      break;
    case 5:
    case 6:
    case 7:
      compact();
      break;
    default:
      append();
    }
  }

  void append() {
    const bool twice = below(4) == 0;
    auto attempt = chain_.acked;
    attempt.push_back(payload());
    if (const auto done = snapshots_->append(attempt.back(), twice)) {
      REQUIRE(*done > sequence_);
      sequence_ = *done;
      chain_.succeeded(std::move(attempt));
      last_was_twice_ = twice;
    } else {
      INFO(done.error().message);
      REQUIRE(done.error().code == ec::io);
      chain_.perhaps.push_back(std::move(attempt));
    }
  }

  void compact() {
    const auto done = snapshots_->compact(merge);
    if (!done)
      REQUIRE(done.error().code == ec::io);
    else
      last_was_twice_ = last_was_twice_ || *done;  // the base is the other copy
  }

  /// Begins a new incarnation while the old one is still there, as a zombie.
  void restart_actor() {
    auto old_snapshots = std::move(snapshots_);
    if (!open_actor()) {
      come_back(false);
      return;
    }
    files_.fail_next(0);
    // The files may die between the look that shows another life and the one that shows which.
    const auto ends_it = [&](const error& e) {
      return files_.is_dead() ? e.code == ec::io || e.code == ec::locked : e.code == ec::fenced;
    };
    const auto appended = old_snapshots->append("zombie", false);
    REQUIRE((!appended && ends_it(appended.error())));
    const auto compacted = old_snapshots->compact(merge);
    REQUIRE((compacted ? *compacted == false : ends_it(compacted.error())));
  }

  void come_back(bool power_was_lost) {
    if (snapshots_ && !files_.is_dead() && below(4) == 0) {
      files_.crash_after(1 + below(8));
      append();
    }
    snapshots_.reset();
    files_.restart(power_was_lost);
    // Crashes and full disks while recovering.
    for (auto n = below(3); n > 0; --n) {
      files_.crash_after(1 + below(40));
      (void)chains_.open_snapshots(actor, ++last_life_);
      files_.restart(power_was_lost && below(2) == 0);
    }
    reopen(false);
  }

  void reopen(bool damaged) {
    REQUIRE(open_actor(damaged));
    for (const auto& path : files_.all_files(folder_))
      REQUIRE(path.find("tmp") == std::string::npos);
  }

  bool open_actor(bool damaged = false) {
    auto opened_snapshots = chains_.open_snapshots(actor, ++last_life_);
    if (!opened_snapshots) {
      INFO(opened_snapshots.error().message);
      REQUIRE(opened_snapshots.error().code == ec::io);
      return false;
    }
    snapshots_ = std::move(*opened_snapshots);
    const auto chain = snapshots_->load();
    REQUIRE(chain.has_value());
    const auto found = contents_of(*chain);
    const bool one_less = damaged && !last_was_twice_ && !chain_.acked.empty() &&
                          found == items(chain_.acked.begin(), chain_.acked.end() - 1);
    if (!one_less)
      REQUIRE((chain_.allows(found) ? chain_.acked : found) == chain_.acked);
    chain_.succeeded(found);
    sequence_ = chain->sequence;
    last_was_twice_ = true;  // the opening record is the newest now
    return true;
  }

  /// Damages one file of any kind, while nobody has the chain open and all is on disk.
  void damage_one_file() {
    come_back(false);
    for (auto n = below(6); n > 0; --n) {
      append();
      if (below(3) == 0)
        compact();
    }
    snapshots_.reset();
    files_.restart(false);
    files_.settle();
    const auto all = files_.all_files(folder_);
    const auto base = highest_base(all);
    if (base < latent_until_)
      return reopen(false);
    const auto& victim = all[below(all.size())];
    INFO("damaged: " << victim);
    if (place_of(victim) <= base)
      latent_until_ = base + 1;
    if (below(3) == 0)
      files_.lose_file(victim);
    else
      files_.damage(victim);
    reopen(true);
  }

  static std::uint64_t place_of(const std::string& path) {
    const auto digits = path.find('-', path.rfind('/')) + 1;
    return std::strtoull(path.substr(digits, 20).c_str(), nullptr, 10);
  }

  /// Returns the place of the chain's highest base; 0: it has none.
  std::uint64_t highest_base(const std::vector<std::string>& paths) {
    std::uint64_t highest = 0;
    for (const auto& path : paths)
      if (is_base(files_, path))
        highest = std::max(highest, place_of(path));
    return highest;
  }

  std::mt19937_64 random_;
  faulty_file_system files_;
  actor_chains chains_{files_, {200, 6}};
  std::string folder_ = chains_.folder_of(actor);
  std::unique_ptr<snapshots> snapshots_;
  truth chain_;
  incarnation last_life_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t counter_ = 0;
  /// Records that the newest base covers are not read when an actor opens, and without that base there is one
  /// generation only. Damage there has to be followed by a newer base, at this place or above, before a second
  /// file may be damaged.
  std::uint64_t latent_until_ = 0;
  bool last_was_twice_ = true;
};

}  // namespace

TEST_CASE("whatever happens to the files of an actor's snapshots, what was acknowledged comes back") {
  millrace::test::seeds(with_address_sanitizer ? 500 : 2000).check([](std::uint64_t seed) {
    INFO("seed " << seed << " (MILLRACE_SEED=" << seed << " repeats it)");
    lives_of_an_actor(seed).run(60);
    return std::nullopt;
  });
}
