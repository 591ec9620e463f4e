#include "tests/simulation/world.hpp"

#include "actors/deployment/pipeline.hpp"
#include "actors/observe/report.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/snapshot/dir_store.hpp"
#include "tests/simulation/agenda.hpp"
#include "tests/simulation/damage.hpp"
#include "tests/simulation/memory_log.hpp"
#include "tests/simulation/memory_target.hpp"
#include "tests/simulation/outside_faults.hpp"
#include "tests/simulation/schedule.hpp"
#include "tests/simulation/stand_ins.hpp"
#include "tests/simulation/verdict.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::simulation {
namespace {

constexpr auto state_folder = "/sim/state";
/// Bases come often, so that chains are compacted within a short run.
constexpr snapshot::base_rule often{.smallest_base = 500, .most_increments = 6};
/// A run that takes so many does not come to its end.
constexpr std::uint64_t most_steps = 400'000;
constexpr std::uint64_t most_lives = 80;
/// The clock goes on by this for a source actor that found nothing; a real one would have waited.
constexpr micros idle_read{5'000};

struct system_config : caf::actor_system_config {
  system_config() { set("scheduler.policy", caf::atom("testing")); }
};

class world {
public:
  world(const scenario& s, bool print_trace)
      : scenario_(s), topology_(plan(s)), system_(config_),
        scheduler_(dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())), clock_(scheduler_),
        files_(s.seed * 31 + 7), logs_(s, s.seed * 17 + 3), schedule_(scheduler_, s.seed, print_trace),
        damage_(files_, s.seed), agenda_(s.faults) {
    targets_["rows"].refuses = s.refuses;
  }

  outcome run() {
    outcome out;
    try {
      while (!finished_ && !out.wrong) {
        if (lives_++ == most_lives)
          out.wrong = "too many lives of the process";
        else
          out.wrong = live();
      }
    } catch (const std::exception& e) {
      out.wrong = e.what();
    }
    end_all_actors();
    if (!out.wrong && lives_of_actors_ > made_to_fail_ && !scenario_.has_poison())
      out.wrong =
          fmt::format("{} actors failed, of which faults made {} fail", lives_of_actors_, made_to_fail_);
    if (!out.wrong)
      out.wrong = judge(scenario_, targets_, *topology_, observe::report_text(*topology_, parts_, true));
    for (const auto& [name, target] : targets_.all())
      for (const auto& row : target.rows())
        schedule_.note(name + row);
    out.steps = schedule_.steps();
    out.trace = schedule_.hash();
    out.lives = lives_;
    return out;
  }

private:
  using wrong = std::optional<std::string>;

  /// Runs one life of the process, to its end or death.
  wrong live() {
    auto opened = snapshot::open_dir_store({state_folder, topology_->name, false, false}, files_, often);
    if (!opened)
      return died_of(opened.error());
    const std::shared_ptr<snapshot::state_store> store = std::move(*opened);
    auto prepared = deployment::prepare_pipeline(system_, options(store));
    if (!prepared)
      return died_of(prepared.error().why);
    keep_handles(prepared->supervised);
    ended_.reset();
    supervisor_ = caf::actor_cast<caf::actor>(
        control::spawn_supervisor(system_, std::move(prepared->supervised), owner()));
    handles_.push_back(supervisor_);
    schedule_.call(supervisor_, "supervisor");
    while (!ended_) {
      if (schedule_.steps() >= most_steps)
        return fmt::format("no end after {} steps{}", schedule_.steps(), logs_.standing());
      carry_out_faults();
      if (files_.is_dead()) {
        end_all_actors();
        come_back();
        return std::nullopt;
      }
      if (!schedule_.step())
        return "nothing is left to do, and the run has not ended";
      advance();
    }
    return end_of_run();
  }

  deployment::pipeline_options options(const std::shared_ptr<snapshot::state_store>& store) {
    deployment::pipeline_options o;
    o.topology = topology_;
    o.store = store;
    o.threads = scenario_.threads[std::min<std::size_t>(lives_ - 1, scenario_.threads.size() - 1)];
    o.output_frame_rows = [this] {
      return scenario_.frame_rows[shard_lives_++ % scenario_.frame_rows.size()];
    };
    o.clock = &clock_;
    o.lane_credit = scenario_.lane_credit;
    o.ahead = lane::parsing_ahead{scenario_.parse_helpers, 1};
    o.start_timeout = std::chrono::milliseconds(0);
    o.make.reader = [this](const config::stage& s, const source::wants&,
                           const connector_context&) -> expected<std::unique_ptr<source::reader>> {
      return logs_.make_reader(s.name);
    };
    o.make.parser = [](const config::stage& s) -> expected<std::unique_ptr<parser::record_parser>> {
      auto real = make_parser(s);
      if (!real)
        return real;
      return poisoned(std::move(*real));
    };
    o.make.writer = [this](const config::stage&,
                           const connector_context& c) -> expected<std::unique_ptr<sink::writer>> {
      return targets_.make_writer(c.stage);
    };
    return o;
  }

  /// Keeps handles, so that the process can be killed, and turns have names.
  void keep_handles(control::supervisor_options& all) {
    children_.clear();
    alive_.clear();
    snapshot_writer_ = caf::actor_cast<caf::actor>(all.snapshot_writer);
    handles_.push_back(snapshot_writer_);
    schedule_.call(snapshot_writer_, "snapshot writer");
    state_keeper_ = caf::actor_cast<caf::actor>(all.state_keeper);
    handles_.push_back(state_keeper_);
    schedule_.call(state_keeper_, "state keeper");
    for (auto& s : all.sinks)
      keep_handles_of(s);
    for (auto& s : all.shards)
      keep_handles_of(s);
    for (auto& l : all.lanes)
      keep_handles_of(l);
  }

  template<class spec>
  void keep_handles_of(spec& child) {
    children_.push_back(child.name);
    child.spawn = [this, name = child.name, spawn = std::move(child.spawn)](auto&&... how) {
      if (damaged_at_return_.erase(name) != 0)
        damage_newest(name);
      auto spawned = spawn(how...);
      this->keep(name, spawned);
      return spawned;
    };
  }

  template<class Handle>
  void keep(const std::string& name, const expected<Handle>& spawned) {
    if (spawned)
      keep(name, *spawned);
  }
  template<class... Signatures>
  void keep(const std::string& name, const caf::typed_actor<Signatures...>& spawned) {
    const auto a = caf::actor_cast<caf::actor>(spawned);
    handles_.push_back(a);
    if (alive_.contains(name)) {
      ++lives_of_actors_;
      revived_ = true;
    }
    alive_[name] = a.address();
    schedule_.call(a, name);
  }

  control::run_owner owner() {
    const auto behaviour = [](caf::event_based_actor* self, std::optional<control::run_ended>* ended) {
      return caf::behavior{[=](const control::run_ended& m) {
        *ended = m;
        self->quit();
      }};
    };
    auto a = system_.spawn(behaviour, &ended_);
    handles_.push_back(a);
    schedule_.call(a, "owner");
    return caf::actor_cast<control::run_owner>(a);
  }

  void advance() {
    auto by = schedule_.time_of_a_step(scenario_.step_time);
    by += idle_read * logs_.take_idle_reads();
    scheduler_.advance_time(by);
    logs_.grow();
    look_for_moments();
    const auto now = scheduler_.clock().now();
    std::erase_if(until_, [&](auto& u) {
      if (now < u.first)
        return false;
      u.second();
      return true;
    });
  }

  void carry_out_faults() {
    while (const auto f = agenda_.take(schedule_.steps())) {
      schedule_.note(std::string(to_string(f->what)));
      carry_out(*f);
    }
  }

  void look_for_moments() {
    const auto step = schedule_.steps();
    if (std::exchange(revived_, false))
      agenda_.happened(fault::moment::revived, step);
    if (logs_.take_made())
      agenda_.happened(fault::moment::made, step);
    if (agenda_.waits_for(fault::moment::committed, step) && targets_.have_all())
      agenda_.happened(fault::moment::committed, step);
  }

  void carry_out(const fault& f) {
    const auto& child = chosen(children_, f);
    using k = fault::kind;
    made_to_fail_ += makes_actor_fail(f);
    const auto later = [this](micros in, std::function<void()> what) {
      until_.emplace_back(scheduler_.clock().now() + in, std::move(what));
    };
    if (happens_outside(f, {logs_, targets_, later}))
      return;
    switch (f.what) {
    case k::child_fails:
      if (f.damage)
        damaged_at_return_.insert(child);
      if (f.when == fault::moment::committed)  // not behind what the supervisor has to do at the end
        caf::anon_send(caf::actor_cast<caf::actor>(alive_[child]), messages::fail_now{"a test said so"});
      else
        caf::anon_send(supervisor_, control::fail_child{child});
      break;
    case k::zombie:
      // A sink would claim its target anew: those of other processes are for tests with real servers.
      if (child.find('/') != std::string::npos)
        give_up(child, f.size);
      break;
    case k::slow:
      schedule_.slow_down(child, f.size % 20'000);
      break;
    case k::stands_still:
      schedule_.hold(child, scheduler_.clock().now() + std::chrono::milliseconds(100 + f.size % 700));
      break;
    case k::disk_full:
      files_.fail_next(static_cast<unsigned>(1 + f.size % 30), static_cast<unsigned>(f.size / 64 % 4));
      disk_was_full_ = true;
      break;
    case k::clock_jump:
      clock_.jumped += static_cast<event_micros>(f.size % 20'000'000) - 10'000'000;
      break;
    case k::writer_dies:
      caf::anon_send_exit(f.size % 2 == 0 ? snapshot_writer_ : state_keeper_,
                          caf::exit_reason::unhandled_exception);
      break;
    case k::pause:
      caf::anon_send(supervisor_, control::pause_reading{true});
      later(micros(20'000 + static_cast<std::int64_t>(f.size % 600) * 1'000), [this] {
        if (supervisor_)
          caf::anon_send(supervisor_, control::pause_reading{false});
      });
      break;
    case k::restart:
      caf::anon_send(supervisor_, control::restart_members{lasting_name(child)});
      break;
    case k::stop:
      caf::anon_send(supervisor_, control::end_run{});
      break;
    case k::kill:
    case k::power_loss:
      files_.crash_after(0);
      death_ = f;
      break;
    case k::kill_in_file:
      files_.crash_after(1 + f.size % 20);
      death_ = f;
      break;
    default:  // there are no nodes here
      break;
    }
  }

  /// The supervisor takes it for dead; it may get no turn until its next life is well under way.
  void give_up(const std::string& child, std::uint64_t size) {
    const auto& zombie = alive_[child];
    if (!zombie)
      return;  // it has had no life yet
    caf::anon_send(supervisor_, caf::down_msg{zombie, caf::exit_reason::unknown});
    if (size % 4 == 0)
      return;
    const auto name = child + ", given up";
    schedule_.call(zombie.id(), name);
    schedule_.hold(name, scheduler_.clock().now() + std::chrono::milliseconds(50 + size / 4 % 200));
  }

  /// Damages the newest capture of the actor, or of some actor (""), which comes back now: an actor that goes on would write
  /// behind the damage.
  void damage_newest(const std::string& child) {
    if (const auto file = damage_.damage_newest(state_folder, child); !file.empty())
      schedule_.note("damaged: " + file);
  }

  /// Ends all actors at once, and nothing that they do until then has any effect.
  void end_all_actors() {
    logs_.cut_off(true);
    targets_.cut_off(true);
    files_.crash_after(0);
    for (const auto& a : handles_)
      caf::anon_send_exit(a, caf::exit_reason::kill);
    handles_.clear();
    supervisor_ = snapshot_writer_ = state_keeper_ = nullptr;
    while (scheduler_.try_run_once())
      continue;
    scheduler_.clock().cancel_all();
    schedule_.forget();
  }

  void come_back() {
    files_.restart(death_.what == fault::kind::power_loss);
    if (death_.damage)
      damage_newest("");
    death_ = {};
    damaged_at_return_.clear();
    logs_.cut_off(false);
    targets_.cut_off(false);
  }

  wrong died_of(const error& e) {
    end_all_actors();
    const bool by_disk = e.code == ec::io && (disk_was_full_ || death_.what == fault::kind::kill_in_file);
    const bool away = e.code == ec::unavailable;
    const bool at_end = e.code == ec::internal && e.retry;  // somebody failed for whom no new life begins
    come_back();
    if (away)
      scheduler_.advance_time(std::chrono::seconds(1));
    advance();
    disk_was_full_ = false;
    return by_disk || away || at_end ? std::nullopt : wrong("the run failed: " + describe(e));
  }

  wrong end_of_run() {
    const auto end = std::move(*ended_);
    parts_ = end.parts;
    if (end.failure)
      return died_of(*end.failure);
    finished_ = end.finished;
    if (!finished_) {
      end_all_actors();
      come_back();
    }
    return std::nullopt;
  }

  const scenario& scenario_;
  std::shared_ptr<const config::topology> topology_;
  system_config config_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator& scheduler_;
  simulated_clock clock_;
  snapshot::test::faulty_file_system files_;
  memory_logs logs_;
  memory_targets targets_;
  schedule schedule_;
  snapshot_damage damage_;
  std::vector<caf::actor> handles_;
  std::vector<std::string> children_;
  std::map<std::string, caf::actor_addr> alive_;
  std::uint64_t shard_lives_ = 0;
  std::uint64_t lives_of_actors_ = 0;  // after their first in a process
  std::uint64_t made_to_fail_ = 0;     // faults that may have led to one each
  caf::actor supervisor_;
  caf::actor snapshot_writer_;
  caf::actor state_keeper_;
  std::optional<control::run_ended> ended_;
  std::vector<messages::report_part> parts_;
  std::vector<std::pair<caf::actor_clock::time_point, std::function<void()>>> until_;
  agenda agenda_;
  fault death_;
  std::set<std::string>
      damaged_at_return_;  // actors that were made to fail, whose newest capture is to be damaged
  bool disk_was_full_ = false;
  bool finished_ = false;
  bool revived_ = false;
  std::uint64_t lives_ = 0;
};

}  // namespace

outcome simulate(const scenario& s, bool print_trace) { return world(s, print_trace).run(); }

}  // namespace millrace::simulation
