// nodes_model.py's rules of chains and lives on the real code: two and three writers of one chain, stopped
// before any step at the store and woken up at any later one, with bases and trimming, answers that are lost
// and writes that land late, deaths anywhere. All that was said to be durable is always in every later life's
// state, once and in order; nobody but a higher life fences; and when faults cease, the newest life goes on.
// What a state folder knows of itself, and a whole folder, have writers that choose their own terms.
// MILLRACE_SEED replays one schedule, MILLRACE_SEEDS says how many run.
#include "actors/node/stores/kafka/kafka_chain.hpp"
#include "runtime/snapshot/dir_chain.hpp"
#include "tests/property/chain/kept.hpp"
#include "tests/property/chain/memory_chain.hpp"
#include "tests/property/chain/stopping_connection.hpp"
#include "tests/property/chain/stopping_file_system.hpp"
#include "tests/property/chain/stopping_topic.hpp"
#include "tests/support/schedules.hpp"
#include "tests/unit/postgresql_store/place.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <set>

namespace millrace::chain::trial {
namespace {

struct wrong {
  std::string text;
};
void require(bool is_true, const std::string& text) {
  if (!is_true)
    throw wrong{text};
}

bool holds(const tokens& all, const std::string& one) { return std::ranges::find(all, one) != all.end(); }

/// Knows what each life was told: the obvious oracle.
class oracle {
public:
  /// A folder's opener has its number only when it has the folder: a life that fences may have none yet.
  explicit oracle(bool terms_come_late) : terms_come_late_(terms_come_late) {}

  void began(incarnation term) { highest_ = std::max(highest_, term); }

  void opened(incarnation term, const tokens& found) {
    for (const auto& t : found)
      require(std::ranges::count(found, t) == 1, fmt::format("life {} finds {} twice", term, t));
    const told* before = nullptr;
    for (const auto& [of, life] : lives_) {
      if (of >= term)
        continue;
      for (const auto& t : life.acked)
        require(holds(found, t), fmt::format("life {} lacks {}", term, t));
      if (!life.acked.empty())
        before = &life;
    }
    if (before != nullptr)
      require(found.size() >= before->restored.size() &&
                  std::equal(before->restored.begin(), before->restored.end(), found.begin()),
              fmt::format("life {} goes on from another state than the one before", term));
    require(lives_.try_emplace(term, told{found, {}}).second, fmt::format("life {} is lived twice", term));
  }

  void given(incarnation number) {
    require(given_.insert(number).second, fmt::format("incarnation {} is given twice", number));
  }

  void acked(incarnation term, const std::string& t) {
    for (const auto& [of, life] : lives_)
      require(of <= term || holds(life.restored, t),
              fmt::format("{} of life {} is said to be durable, and life {} lacks it", t, term, of));
    lives_[term].acked.push_back(t);
  }

  void refused(incarnation term, const error& why) const {
    if (why.code == ec::locked)  // another has opened since this one's look
      require(highest_ >= term, fmt::format("life {} is alone and is refused", term));
    else if (why.code == ec::fenced)
      require(highest_ > term || terms_come_late_, fmt::format("the rightful life {} is refused", term));
    else
      require(why.code == ec::io || why.code == ec::unavailable || why.code == ec::not_found ||
                  why.code == ec::already_exists,
              fmt::format("life {}: {}", term, why.message));
  }

  [[nodiscard]] incarnation highest() const { return highest_; }

private:
  struct told {
    tokens restored, acked;
  };
  bool terms_come_late_;
  std::map<incarnation, told> lives_;
  std::set<incarnation> given_;
  incarnation highest_ = 0;
};

enum class where { files, memory, topic, postgresql, control, folder };

bool chooses_terms(where store) { return store == where::control || store == where::folder; }

/// One schema for all schedules, each of which has a topology of its own there.
class database {
public:
  database() {
    at_.execute("set synchronous_commit = off");  // a schedule kills writers, not the server
  }
  [[nodiscard]] const std::shared_ptr<postgresql_chain::connection>& connection() const { return at_.side; }
  [[nodiscard]] const std::string& schema() const { return at_.schema; }
  [[nodiscard]] std::string next_topology() { return std::to_string(++topologies_); }

private:
  postgresql_chain_test::place at_;
  int topologies_ = 0;
};

class schedule {
public:
  /// `shared`: for where::postgresql.
  schedule(where store, std::uint64_t seed, database* shared)
      : store_(store), shared_(shared), topology_(shared ? shared->next_topology() : ""),
        oracle_(store == where::folder) {
    trouble_.random.seed(seed);
    trouble_.one_in = std::array{0U, 60U, 20U, 8U}[below(4)];
    (void)disk_.make_folder("/a");
    disk_.settle();
  }

  void run() {
    // A statement takes a server hundreds of times as long as a step over memory.
    const auto steps = store_ == where::postgresql ? 50 + below(150) : 100 + below(600);
    const auto writers = 2 + below(2);
    for (std::size_t step = 0; step < steps; ++step) {
      if (writers_.size() < writers && below(20) == 0)
        begin();
      if (below(10) == 0)
        trouble_.settle();
      if (store_ == where::topic && below(20) == 0)
        log_->compact([this] { return below(2) == 0; });
      if (writers_.empty())
        continue;
      auto at = std::next(writers_.begin(), static_cast<std::ptrdiff_t>(below(writers_.size())));
      if (below(150) == 0)
        at->thread->die();
      if (step < at->asleep)
        continue;
      if (below(40) == 0)
        at->asleep = step + below(200);  // others go on for as long as that
      else
        turn(at);
    }
    calm_down();
  }

private:
  struct writer {
    incarnation term = 0;
    incarnation instance =
        0;  // the how-manieth under its term, which earlier ones of the process may outlive
    bool is_open = false;
    std::size_t asleep = 0;
    std::unique_ptr<stopping_file_system> files;
    std::unique_ptr<turns> thread;
  };

  std::size_t below(std::size_t n) { return trouble_.random() % n; }

  /// Terms are given in any order that they may be used in: a process that was given one may be slow.
  void begin() {
    if (below(4) == 0)
      given_.push_back(++terms_);
    const auto* const former = chooses_terms(store_) || is_calm_ || below(3) != 0 ? nullptr : one_to_follow();
    const auto term = chooses_terms(store_)              ? 0
                      : former != nullptr                ? former->term
                      : !given_.empty() && below(2) == 0 ? take_given()
                                                         : ++terms_;
    const auto instance = former != nullptr ? ++newest_[term] : 0;
    auto& w = writers_.emplace_back();
    w.term = term;
    w.instance = instance;
    w.files = std::make_unique<stopping_file_system>(disk_, trouble_, [&w] { w.thread->stop(); });
    w.thread = std::make_unique<turns>([this, &w] { live(w); });
  }
  /// A writer that is taken for dead and has had no successor under its term yet.
  const writer* one_to_follow() {
    for (const auto& w : writers_)
      if (w.is_open && w.instance + 1 < instances && newest_[w.term] == w.instance)
        return &w;
    return nullptr;
  }
  incarnation take_given() {
    const auto term = given_.back();
    given_.pop_back();
    return term;
  }

  void turn(std::list<writer>::iterator at) {
    at->thread->go();
    if (!at->thread->is_over())
      return;
    writers_.erase(at);
    if (wrong_)
      throw wrong{*wrong_};
  }

  /// Orders lives as they are to fence each other.
  static constexpr incarnation instances = 8;
  static incarnation rank_of(const writer& w) { return w.term * instances + w.instance; }

  expected<std::unique_ptr<kept>> open(writer& w) {
    const auto began = [this, &w](incarnation term) {
      w.term = term;
      oracle_.began(rank_of(w));
    };
    if (store_ == where::control)
      return keep_control(*w.files, began);
    if (store_ == where::folder)
      return keep_folder(*w.files, began, [this](incarnation number) { oracle_.given(number); });
    began(w.term);
    const auto twice = [this] { return below(3) == 0; };
    if (store_ == where::memory)
      return memory_chain::open(
                 places_, trouble_, [&w] { w.thread->stop(); }, w.term)
          .map([&](auto&& c) { return keep_snapshots(std::move(c), twice); });
    if (store_ == where::postgresql)
      return postgresql_chain::database_chain::open(
                 std::make_shared<stopping_connection>(shared_->connection(), trouble_,
                                                       [&w] { w.thread->stop(); }),
                 shared_->schema(), {topology_, "a"}, w.term)
          .map([&](auto&& c) { return keep_snapshots(std::move(c), twice); });
    if (store_ == where::topic)
      return kafka_chain::topic_chain::open(stopping_topic(log_, trouble_, [&w] { w.thread->stop(); }),
                                            {"clicks", "a"}, w.term)
          .map([&](auto&& c) { return keep_snapshots(std::move(c), twice); });
    const auto there = snapshot::dir_chain::look(*w.files, "/a", "a");
    if (!there && there.error().code != ec::not_found)
      return tl::unexpected(there.error());
    auto records =
        snapshot::dir_chain::open(*w.files, "/a", "a", above_earlier(w.term, there ? there->life : life()),
                                  std::make_shared<snapshot::life_fence>());
    if (!records)
      return tl::unexpected(records.error());
    return keep_snapshots(std::move(*records), twice);
  }

  void live(writer& w) {
    try {
      w.thread->stop();
      auto opened = open(w);
      auto found = opened ? (*opened)->found() : tl::unexpected(opened.error());
      if (!found) {
        require(!is_calm_, "it cannot be opened: " + found.error().message);
        return oracle_.refused(rank_of(w), found.error());
      }
      oracle_.opened(rank_of(w), *found);
      w.is_open = true;
      for (auto left = below(12); left > 0 || is_calm_; --left) {
        const auto t = fmt::format("{}.{}", rank_of(w), ++tokens_);
        const auto done = (*opened)->add(t);
        if (!done)
          oracle_.refused(rank_of(w), done.error());
        else
          oracle_.acked(rank_of(w), t);
        if (done && is_calm_)
          return;
        if (!done && done.error().code == ec::fenced)
          return;
        const auto tidied = (*opened)->tidy();
        if (!tidied)
          oracle_.refused(rank_of(w), tidied.error());
        if (!tidied && tidied.error().code == ec::fenced)
          return;
      }
    } catch (const wrong& e) {
      wrong_ = e.text;
    }
  }

  /// Faults cease; what is under way comes to its end, and the newest life goes on.
  void calm_down() {
    trouble_.one_in = 0;
    while (!trouble_.late.empty())
      trouble_.settle();
    for (auto& w : writers_)
      w.thread->die();
    while (!writers_.empty())
      turn(writers_.begin());
    is_calm_ = true;
    for (int i = 0; i < 2; ++i) {
      terms_ = std::max(terms_, oracle_.highest() / instances);
      given_.clear();
      begin();
      for (int step = 0; !writers_.empty(); ++step) {
        require(step < 20'000, "stuck");
        turn(writers_.begin());
      }
    }
    require(!log_->is_key_used_twice, "a key of the topic is used twice");
  }

  where store_;
  database* shared_;
  std::string topology_;
  snapshot::test::faulty_file_system disk_;
  std::shared_ptr<memory_places> places_ = std::make_shared<memory_places>();
  std::shared_ptr<kafka_chain_test::memory_log> log_ = std::make_shared<kafka_chain_test::memory_log>();
  trouble trouble_;
  oracle oracle_;
  std::optional<std::string> wrong_;
  bool is_calm_ = false;
  incarnation terms_ = 0;
  std::vector<incarnation> given_;
  std::map<incarnation, incarnation> newest_;  // the newest instance under each term
  std::uint64_t tokens_ = 0;
  std::list<writer> writers_;
};

std::optional<std::string> run(where store, std::uint64_t seed, database* shared) {
  try {
    schedule(store, seed, shared).run();
  } catch (const wrong& e) {
    return e.text;
  }
  return std::nullopt;
}

void run_all(where store, std::uint64_t usual, database* shared = nullptr) {
  millrace::test::seeds(usual).check([&](std::uint64_t seed) { return run(store, seed, shared); });
}

}  // namespace

TEST_CASE("over files, what was said to be durable is in every later life, whoever is stopped where") {
  run_all(where::files, 500);
}
TEST_CASE("over memory, what was said to be durable is in every later life, whoever is stopped where") {
  run_all(where::memory, 1'500);
}
TEST_CASE("over a topic, what was said to be durable is in every later life, whoever is stopped where") {
  run_all(where::topic, 1'500);
}
TEST_CASE("over PostgreSQL, what was said to be durable is in every later life, whoever is stopped where") {
  if (postgresql_chain_test::is_skipped())
    return;
  database shared;
  run_all(where::postgresql, 150, &shared);
}
TEST_CASE("what a folder knows of itself has one writer at a time, which nobody who was stopped replaces") {
  run_all(where::control, 500);
}
TEST_CASE("a folder that several processes open keeps what each has put, and counts each number once") {
  run_all(where::folder, 200);
}

}  // namespace millrace::chain::trial
