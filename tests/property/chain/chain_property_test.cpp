// nodes_model.py's rules of chains and lives on the real code: two and three writers of one chain, stopped
// before any step at the store and woken up at any later one, with bases and trimming, answers that are lost
// and writes that land late, deaths anywhere. All that was said to be durable is always in every later life's
// state, once and in order; nobody but a higher life fences; and when faults cease, the newest life goes on.
// The chain `control` of a store has writers that choose their own terms.
// MILLRACE_SEED replays one schedule, MILLRACE_SEEDS says how many run.
#include "actors/node/stores/dir_chain_store.hpp"
#include "actors/node/stores/kafka/kafka_chain.hpp"
#include "runtime/chain/rules.hpp"
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
  void began(incarnation term) { begun_.insert(term); }

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

  void acked(incarnation term, const std::string& t) {
    for (const auto& [of, life] : lives_)
      require(of <= term || holds(life.restored, t),
              fmt::format("{} of life {} is said to be durable, and life {} lacks it", t, term, of));
    lives_[term].acked.push_back(t);
  }

  /// One opens of those who have chosen the same term.
  void not_opened(incarnation term, const error& why) const {
    if (why.code != ec::fenced || begun_.count(term) < 2)
      refused(term, why);
  }

  void refused(incarnation term, const error& why) const {
    if (why.code == ec::fenced)
      require(highest() > term, fmt::format("the rightful life {} is refused", term));
    else
      require(why.code == ec::io || why.code == ec::locked || why.code == ec::unavailable ||
                  why.code == ec::not_found || why.code == ec::already_exists,
              fmt::format("life {}: {}", term, why.message));
  }

  [[nodiscard]] incarnation highest() const { return begun_.empty() ? 0 : *begun_.rbegin(); }

private:
  struct told {
    tokens restored, acked;
  };
  std::map<incarnation, told> lives_;
  std::multiset<incarnation> begun_;
};

enum class where { files, memory, topic, postgresql, control };

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
      : store_(store), shared_(shared), topology_(shared ? shared->next_topology() : "") {
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
    const bool chooses_term = store_ == where::control;
    const auto* const former = chooses_term || is_calm_ || below(3) != 0 ? nullptr : one_to_follow();
    const auto term = chooses_term                       ? 0
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

  expected<kept> open(writer& w) {
    return open_chain(w).map([this](std::unique_ptr<actor_chain>&& records) {
      return kept(std::move(records), [this] { return store_ == where::control || below(3) == 0; });
    });
  }

  expected<std::unique_ptr<actor_chain>> open_chain(writer& w) {
    const auto stop = [&w] { w.thread->stop(); };
    if (store_ == where::control) {
      node::dir_chain_store store(*w.files, "/a");
      ASSIGN_OR_RETURN(const auto seen, store.look(node::control_of_cluster()));
      const auto chosen = chosen_above(seen.highest, static_cast<std::uint32_t>(trouble_.random()));
      w.term = chosen.term;
      oracle_.began(rank_of(w));
      return store.open_chosen(node::control_of_cluster(), chosen);
    }
    oracle_.began(rank_of(w));
    if (store_ == where::memory)
      return memory_chain::open(places_, trouble_, stop, w.term);
    if (store_ == where::postgresql)
      return postgresql_chain::database_chain::open(
          std::make_shared<stopping_connection>(shared_->connection(), trouble_, stop), shared_->schema(),
          {topology_, "a"}, w.term);
    if (store_ == where::topic)
      return kafka_chain::topic_chain::open(stopping_topic(log_, trouble_, stop), {"clicks", "a"}, w.term);
    const auto there = snapshot::dir_chain::look(*w.files, "/a", "a");
    if (!there && there.error().code != ec::not_found)
      return tl::unexpected(there.error());
    return snapshot::dir_chain::open(*w.files, "/a", "a", above_earlier(w.term, there ? there->life : life()),
                                     std::make_shared<snapshot::life_fence>());
  }

  void live(writer& w) {
    try {
      w.thread->stop();
      auto opened = open(w);
      auto found = opened ? opened->found() : tl::unexpected(opened.error());
      if (!found) {
        require(!is_calm_, "it cannot be opened: " + found.error().message);
        return oracle_.not_opened(rank_of(w), found.error());
      }
      oracle_.opened(rank_of(w), *found);
      w.is_open = true;
      for (auto left = below(12); left > 0 || is_calm_; --left) {
        const auto t = fmt::format("{}.{}", rank_of(w), ++tokens_);
        const auto done = opened->add(t);
        if (!done)
          oracle_.refused(rank_of(w), done.error());
        else
          oracle_.acked(rank_of(w), t);
        if (done && is_calm_)
          return;
        if (!done && done.error().code == ec::fenced)
          return;
        const auto tidied = opened->tidy();
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
TEST_CASE("where openers choose their terms, one has each, and what was durable is in every later life") {
  run_all(where::control, 500);
}

}  // namespace millrace::chain::trial
