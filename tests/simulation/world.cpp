#include "tests/simulation/world.hpp"

#include "actors/node/control/control_book.hpp"
#include "actors/node/control/topology_state.hpp"
#include "tests/simulation/nodes/node_faults.hpp"
#include "tests/simulation/verdict.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace millrace::simulation {
namespace {

/// A full disk says this (faulty_file_system).
constexpr std::string_view disk_is_full = "no space left";
/// A run that takes so many does not come to its end.
constexpr std::uint64_t most_steps = 600'000;
/// Looking at `control` reads all of it.
constexpr std::uint64_t look_every = 500;
/// It is paused for so many looks, and for more while the leader does not answer.
constexpr std::uint64_t resume_every = 4;
/// A reader that found nothing would have waited.
constexpr micros idle_read{5'000};
constexpr micros ask_again_after{300'000};
/// Actors that still live when the topology is over have this long to do harm; on a node that is alone no
/// actor is held for longer.
constexpr micros afterwards{3'000'000}, afterwards_alone{1'000'000};

class world {
public:
  world(const scenario& s, bool print_trace)
      : scenario_(s), topology_(plan(s)), logs_(s, s.seed * 17 + 3),
        cluster_(s, print_trace, [this](const auto& gone) { return makers(gone); }),
        faults_(s, cluster_, logs_, targets_,
                {[this] { ask(api::requests::stop{topology_->name}, [] {}); },
                 [this] { ask(api::requests::pause{topology_->name}, [] {}); }, [this] { is_to_go_ = true; },
                 [this](const auto& actor) {
                   ask(api::requests::restart{topology_->name, actor}, [] {});
                 }}) {
    targets_["rows"].refuses = s.refuses;
  }

  outcome run() {
    outcome out;
    try {
      for (std::size_t i = 0; i < scenario_.nodes; ++i)
        cluster_.begin(std::string(1, static_cast<char>('a' + i)));
      out.wrong = live();
      if (!out.wrong)
        out.wrong = end_of_run();
    } catch (const std::exception& e) {
      out.wrong = e.what();
    }
    for (const auto& [name, target] : targets_.all())
      for (const auto& row : target.rows())
        cluster_.schedule().note(name + row);
    out.steps = cluster_.schedule().steps();
    out.trace = cluster_.schedule().hash();
    out.lives = cluster_.begun();
    return out;
  }

private:
  using wrong = std::optional<std::string>;

  wrong live() {
    apply();
    while (!is_over()) {
      if (cluster_.schedule().steps() >= most_steps)
        return fmt::format("no end after {} steps{}\n{}", most_steps, logs_.standing(),
                           control_ ? cluster::to_text(*control_) : "control cannot be read");
      if (!cluster_.step())
        return "nothing is left to do, and the topology has not ended";
      if (!applied_at_)
        continue;
      if (logs_.take_idle_reads() != 0)
        cluster_.hold({cluster_.schedule().last()}, idle_read);
      logs_.grow();
      faults_.carry_out(cluster_.schedule().steps() - *applied_at_);
    }
    return std::nullopt;
  }

  // --- the topology

  /// Asks a node, and others after a while, for as long as the topology does not run.
  void apply() {
    faults_.keep_sources();
    if (!logs_.is_away())
      ask(api::requests::apply{topology_->name, topology_text(scenario_)}, [this] {
        if (!applied_at_)
          applied_at_ = cluster_.schedule().steps();
      });
    cluster_.later(ask_again_after, [this] {
      look();
      if (is_to_go_)
        return;  // it is applied again once it has gone
      if (topology() == nullptr || goes_on(*topology()))
        apply();
      else
        faults_.release_sources();
    });
  }
  void ask(api::request what, const std::function<void()>& done) {
    auto& all = cluster_.processes();
    if (all.empty())
      return;
    std::next(all.begin(), static_cast<std::ptrdiff_t>(asked_++ % all.size()))
        ->view->ask(std::move(what), api::reply(alive_, [done](const expected<api::answer>& a) {
                      if (a)
                        done();
                    }));
  }

  void look() {
    if (cluster_.files().is_dead())
      return;  // the reader of it would be dead, too
    auto seen = node::control_book(cluster_.store()).look();
    if (!seen)
      throw std::runtime_error("control: " + seen.error().message);
    control_ = std::move(seen->state);
  }
  bool is_over() {
    if (cluster_.schedule().steps() % look_every != 0)
      return false;
    look();
    const auto* const t = topology();
    if (t != nullptr && t->is_paused && ++looks_paused_ % resume_every == 0)
      ask(api::requests::resume{topology_->name}, [] {});
    if (is_to_go_)
      remove();
    if (is_to_go_ || t == nullptr || t->is_active())
      return false;
    if (!goes_on(*t))
      return true;
    if (std::exchange(stopped_generation_, t->generation) != t->generation)
      apply();
    return false;
  }
  /// Stops it, removes it, and applies it again: the next step to that, as often as it takes.
  void remove() {
    const auto* const t = topology();
    if (t == nullptr) {
      is_to_go_ = false;
      logs_.keep_all();
      apply();
    } else if (t->is_active()) {
      ask(api::requests::stop{topology_->name}, [] {});
    } else {
      ask(api::requests::remove{topology_->name}, [] {});
    }
  }
  /// It has stopped, or failed in a way that applying it again ends it: while it ended an actor failed, or
  /// could not write what it needs to end.
  [[nodiscard]] bool goes_on(const cluster::topology_state& t) const {
    const auto says = [&](std::string_view what) { return t.why.find(what) != std::string::npos; };
    return t.status == cluster::topology_status::stopped ||
           (t.status == cluster::topology_status::failed &&
            (says("the same command ends it") ||
             (faults_.has_store_failed() && (says(no_answer_of_store) || says(disk_is_full)))));
  }
  [[nodiscard]] const cluster::topology_state* topology() const {
    if (!control_)
      return nullptr;
    const auto t = control_->topologies.find(topology_->name);
    return t != control_->topologies.end() ? &t->second : nullptr;
  }

  connector_makers makers(const std::shared_ptr<const bool>& gone) {
    connector_makers make;
    make.reader = [this, gone](const config::stage& s, const source::wants&,
                               const connector_context&) -> expected<std::unique_ptr<source::reader>> {
      return logs_.make_reader(s.name, gone);
    };
    make.parser = [](const config::stage& s) -> expected<std::unique_ptr<parser::record_parser>> {
      auto real = make_parser(s);
      if (!real)
        return real;
      return poisoned(std::move(*real));
    };
    make.writer = [this, gone](const config::stage&,
                               const connector_context& c) -> expected<std::unique_ptr<sink::writer>> {
      return targets_.make_writer(c.stage, gone);
    };
    return make;
  }

  // --- the end

  wrong end_of_run() {
    if (topology()->status != cluster::topology_status::finished)
      return fmt::format("the topology is {}: {} {}", cluster::to_string(topology()->status),
                         topology()->failed_actor, topology()->why);
    bool is_enough = false;
    cluster_.later(scenario_.nodes == 1 ? afterwards_alone : afterwards, [&] { is_enough = true; });
    while (!is_enough)
      if (!cluster_.step())
        return "nothing is left to do";
    // Actors that a former director has told to stop restart, so the counts agree under one director only.
    const auto seen = node::control_book(cluster_.store()).look();
    const auto has_one_led = seen && seen->highest.term == 1;
    const auto made_to_fail = faults_.made_to_fail() + faults_.keepers_ended() * topology()->actors.size();
    if (!scenario_.has_poison() && !faults_.has_store_failed() && (has_one_led || scenario_.nodes == 1) &&
        cluster_.restarts() > made_to_fail)
      return fmt::format("{} actors failed, of which faults made {} fail", cluster_.restarts(), made_to_fail);
    if (auto left = chains_go(); left && !faults_.has_store_failed())
      return left;
    const auto report =
        node::topology_state(cluster_.store(),
                             cluster::chains_of(topology_->name, topology()->first_generation),
                             {{}, topology_->name}, {})
            .get("report");
    const bool is_last = report && boost::json::parse(*report).at("ended").as_bool();
    if (!is_last && faults_.has_store_failed())  // it could not be kept, or stands for an earlier end
      return judge(scenario_, targets_, *topology_, std::nullopt);
    if (!is_last)
      return "the last report is not there: " + (report ? "an earlier one is" : report.error().message);
    return judge(scenario_, targets_, *topology_, *report);
  }

  /// The leader clears the chains of the topology that was removed, if one was.
  wrong chains_go() {
    for (look(); !control_->leftovers.empty(); look())
      for (std::uint64_t i = 0; i < look_every; ++i)
        if (cluster_.schedule().steps() >= most_steps || !cluster_.step())
          return "nobody clears the chains of " + *control_->leftovers.begin();
    return std::nullopt;
  }

  const scenario& scenario_;
  std::shared_ptr<const config::topology> topology_;
  memory_logs logs_;
  memory_targets targets_;
  std::shared_ptr<const void> alive_ = std::make_shared<int>(0);
  std::optional<cluster::control_state> control_;  // the state at the last look
  std::optional<std::uint64_t> applied_at_;        // the step at which it was applied
  std::uint64_t asked_ = 0;
  bool is_to_go_ = false;                 // somebody removes it
  std::uint64_t looks_paused_ = 0;        // looks at which it was paused
  std::uint64_t stopped_generation_ = 0;  // the generation after which it was applied again
  node_cluster cluster_;
  node_faults faults_;
};

}  // namespace

outcome simulate(const scenario& s, bool print_trace) { return world(s, print_trace).run(); }

}  // namespace millrace::simulation
