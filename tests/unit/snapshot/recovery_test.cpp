// Random lives of a state folder: appends, compactions, values, --fresh, zombies, full disks, crashes between
// any two operations, losses of power, damage to any one file. All that was acknowledged comes back, and no
// more.
#include "runtime/base/sanitizer.hpp"
#include "runtime/wire/bytes.hpp"
#include "tests/support/schedules.hpp"
#include "tests/unit/snapshot/folder_fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;

namespace {

using items = std::vector<std::string>;

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

class life_of_a_folder {
public:
  explicit life_of_a_folder(std::uint64_t seed) : random_(seed), files_(seed * 31 + 7) {}

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
    switch (below(20)) {
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
    case 5:
    case 6:
      put_value();
      break;
    case 7:
      restart_actor();
      break;
    case 8:
      if (below(8) == 0)
        start_over();
      break;
    case 9:
    case 10:
    case 11:
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

  void put_value() {
    const items attempt{payload()};
    if (store_->put("the plan/é", attempt[0]))
      value_.succeeded(attempt);
    else
      value_.perhaps.push_back(attempt);
  }

  /// A new incarnation while the old one is still there, as a zombie.
  void restart_actor() {
    auto old_snapshots = std::move(snapshots_);
    if (!open_actor()) {
      come_back(false);
      return;
    }
    files_.fail_next(0);
    const auto ends_it = [&](const error& e) { return e.code == (files_.is_dead() ? ec::io : ec::fenced); };
    const auto appended = old_snapshots->append("zombie", false);
    REQUIRE((!appended && ends_it(appended.error())));
    const auto compacted = old_snapshots->compact(merge);
    REQUIRE((compacted ? *compacted == false : ends_it(compacted.error())));
  }

  void start_over() {
    const auto old_id = store_->id().state_id;
    close();
    auto opened = open_dir_store({"/home/state", "clicks", true, false}, files_);
    if (opened) {
      store_ = std::move(*opened);
      REQUIRE(store_->id().state_id != old_id);
      REQUIRE(store_->id().previous_state_id == old_id);
      forget_everything();
      if (open_actor())
        return;
    }
    fresh_failed_ = !opened;
    come_back(below(2) == 0);
  }

  void forget_everything() {
    chain_ = value_ = {};
    state_id_ = store_->id().state_id;
    sequence_ = 0;
    std::erase_if(latent_until_, [](const auto& l) { return !l.first.ends_with("/control"); });
  }

  void close() {
    snapshots_.reset();
    store_.reset();
  }

  void come_back(bool power_was_lost) {
    if (snapshots_ && !files_.is_dead() && below(4) == 0) {
      files_.crash_after(1 + below(8));
      below(2) ? put_value() : append();
    }
    close();
    files_.restart(power_was_lost);
    // Crashes and full disks while recovering.
    for (auto n = below(3); n > 0; --n) {
      files_.crash_after(1 + below(40));
      if (auto opened = open_dir_store({"/home/state", "clicks", false, false}, files_)) {
        store_ = std::move(*opened);
        check_identity();
        (void)open_snapshots(++last_life_);
      }
      close();
      files_.restart(power_was_lost && below(2) == 0);
    }
    reopen(false);
  }

  void check_identity() {
    if (state_id_.empty() || (fresh_failed_ && store_->id().state_id != state_id_)) {
      if (!state_id_.empty())
        REQUIRE(store_->id().previous_state_id == state_id_);
      forget_everything();
    }
    fresh_failed_ = false;
    REQUIRE(store_->id().state_id == state_id_);
    REQUIRE(store_->id().topology == "clicks");
  }

  expected<std::unique_ptr<snapshots>> open_snapshots(incarnation life) {
    const auto folder = store_->chains() + "/chains/counts_0";
    return make_folders(files_, folder, store_->chains()).and_then([&] {
      return open_dir_snapshots(files_, folder, "counts/0", life, rule_);
    });
  }

  void reopen(bool damaged) {
    auto opened = open_dir_store({"/home/state", "clicks", false, false}, files_);
    if (!opened)
      FAIL(opened.error().message);
    store_ = std::move(*opened);
    check_identity();
    REQUIRE(open_actor(damaged));
    const auto value = store_->get("the plan/é");
    if (value) {
      INFO("value " << *value << ", acked " << (value_.acked.empty() ? "-" : value_.acked[0]) << ", perhaps "
                    << value_.perhaps.size());
      REQUIRE(value_.allows({*value}));
      value_.succeeded({*value});
    } else {
      REQUIRE(value.error().code == ec::not_found);
      REQUIRE(value_.acked.empty());
    }
    for (const auto& path : files_.all_files("/home/state"))
      REQUIRE(path.find("tmp") == std::string::npos);
  }

  bool open_actor(bool damaged = false) {
    auto opened_snapshots = open_snapshots(++last_life_);
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

  /// One file of any kind, while nobody has the folder open and all is on disk.
  void damage_one_file() {
    come_back(false);
    for (auto n = below(6); n > 0; --n) {
      append();
      if (below(3) == 0)
        compact();
    }
    close();
    files_.restart(false);
    files_.settle();
    auto all = files_.all_files("/home/state");
    std::erase(all, "/home/state/lock");
    const auto newest_bases = highest_bases(all);
    const auto newest_base = [&](const std::string& folder) {
      const auto at = newest_bases.find(folder);
      return at == newest_bases.end() ? 0 : at->second;
    };
    std::erase_if(latent_until_, [&](const auto& l) { return newest_base(l.first) >= l.second; });
    std::erase_if(all, [&](const auto& path) { return latent_until_.contains(folder_of(path)); });
    const auto& victim = all[below(all.size())];
    INFO("damaged: " << victim);
    if (const auto base = newest_base(folder_of(victim)); base != 0 && place_of(victim) <= base)
      latent_until_[folder_of(victim)] = base + 1;
    if (below(3) == 0)
      files_.lose_file(victim);
    else
      files_.damage(victim);
    reopen(true);
  }

  static std::uint64_t place_of(const std::string& path) {
    const auto name = path.substr(path.rfind('/') + 1);
    const auto digits = name.find('-') + 1;
    return digits == 0 ? 0 : std::strtoull(name.substr(digits, 20).c_str(), nullptr, 10);
  }

  static std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

  /// Returns the place of each chain's highest base, by the chain's folder.
  std::map<std::string, std::uint64_t> highest_bases(const std::vector<std::string>& paths) {
    std::map<std::string, std::uint64_t> highest;
    for (const auto& path : paths)
      for (const auto* actor : {"counts/0", "control"}) {
        record r;
        if (decode_record(files_.contents(path), actor, r) == reading::whole && r.kind == record_kind::base) {
          auto& of_chain = highest[folder_of(path)];
          of_chain = std::max(of_chain, place_of(path));
        }
      }
    return highest;
  }

  std::mt19937_64 random_;
  faulty_file_system files_;
  base_rule rule_{200, 6};
  std::unique_ptr<state_store> store_;
  std::unique_ptr<snapshots> snapshots_;
  truth chain_, value_;
  std::string state_id_;
  incarnation last_life_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t counter_ = 0;
  /// Records that the newest base covers are not read when an actor opens, and without that base there is one
  /// generation only. Damage there has to be followed by a newer base before a second file may be damaged.
  std::map<std::string, std::uint64_t> latent_until_;  // place, by the chain's folder
  bool last_was_twice_ = true;
  bool fresh_failed_ = false;
};

}  // namespace

TEST_CASE("whatever happens to a state folder, what was acknowledged comes back") {
  millrace::test::seeds(with_address_sanitizer ? 500 : 2000).check([](std::uint64_t seed) {
    INFO("seed " << seed << " (MILLRACE_SEED=" << seed << " repeats it)");
    life_of_a_folder(seed).run(60);
    return std::nullopt;
  });
}
