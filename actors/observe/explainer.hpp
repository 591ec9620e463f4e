// Gathers why one stage gives no rows, and why the stages that it waits for give none. Used by explain.cpp
// alone, whose jobs lie in explain_sources.cpp, explain_windows.cpp and explain_sinks.cpp.
#pragma once

#include "actors/observe/explain.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>

namespace millrace::observe {

/// Writes into the explanation that it is given; the topology and the figures outlive it.
class explainer {
public:
  explainer(const config::topology& t, const figures& f) : t_(t), f_(f) {}

  void source(const config::stage& s, explanation& out);
  void parser(const config::stage& s, explanation& out);
  void transform(const config::stage& s, explanation& out);
  /// Returns what the window itself waits for, without the causes of that.
  std::string window(const config::stage& s, explanation& out);
  void sink(const config::stage& s, explanation& out);
  /// Says that one key of the window has far more records than the others.
  void hot_key(const std::string& window, explanation& out) const;
  /// First of all: what does not live gives nothing, and no stage downstream gets anything from it.
  void crashes(const std::string& stage, explanation& out) const;

private:
  using lanes_in_question = std::function<bool(const lane_figures&)>;

  static void sum_up(explanation& out, bool waits, std::string words);
  static void add_once(explanation& out, cause c);
  void starting(const config::stage& s, explanation& out);
  /// Says that actors of the stage, or of stages that feed it, wait for a node.
  void not_placed(const config::stage& s, explanation& out) const;
  /// The same of those of stages for which it holds. False: there are none.
  bool not_placed_where(explanation& out, const std::function<bool(const config::stage&)>& is_meant) const;
  /// Actors of the stage wait for a node.
  [[nodiscard]] bool waits_itself(const std::string& stage) const;
  /// Says that nodes with actors of the topology do not answer.
  void node_away(const config::stage& s, explanation& out) const;
  /// `other` is the stage itself, or upstream of it.
  [[nodiscard]] bool feeds(const config::stage& s, const std::string& other) const;
  void losses_of(const config::stage& s, explanation& out) const;
  /// The cause for which it gives nothing just now; null: it gives, or may. A silent partition is none while others give.
  [[nodiscard]] const cause* holds_up(const explanation& out) const;
  [[nodiscard]] std::string remedy_of_crash(const std::string& stage) const;
  [[nodiscard]] const config::parser_plan* parsing(const std::string& parser) const;

  // --- lanes and their partitions
  struct partition_of {
    const lane_figures* lane;
    const partition_figures* partition;
    [[nodiscard]] std::string name() const;
  };
  /// A window asks this of partitions; without `wanted` it asks that they give anything.
  struct asked {
    std::optional<event_time> wanted;
    event_time later_rows{};        // below it no partition is left out (delivery::later_rows)
    bool others_are_there = false;  // a partition that is not idle has come to `wanted`
  };
  /// Says why partitions of these lanes stand below `wanted`; without `wanted`, why they give no records.
  void lanes_of(explanation& out, const lanes_in_question& is_mine, asked a);
  void partition(explanation& out, const partition_of& p, const asked& a);
  void behind(explanation& out, const partition_of& p) const;
  /// The source has no more of it at present.
  void caught_up(explanation& out, const partition_of& p, const asked& a) const;
  /// A window that waits for the partition though it is idle; empty: none.
  [[nodiscard]] std::string waiting_for_idle(const partition_of& p) const;
  [[nodiscard]] std::string releasing(const partition_of& p, const asked& a) const;
  [[nodiscard]] std::string releasing_record(const partition_of& p, event_time wanted) const;
  /// Says whether `max_drift` has the partition wait for a slower one, as lane::drift_limit decides it.
  bool drifting(explanation& out, const partition_of& p) const;
  void held(explanation& out, const partition_of& p);
  [[nodiscard]] std::optional<double> rate_of(const std::string& source) const;
  [[nodiscard]] std::string standing_of(const std::string& source) const;

  // --- windows
  /// The partitions that feed a window, by whether they are idle: idle ones do not hold it back (intake::watermark).
  struct silence {
    std::size_t idle = 0;
    std::size_t others = 0;                   // others that have not ended; also windows upstream
    event_time furthest;                      // the furthest of the idle ones
    const config::parser_plan* of = nullptr;  // parses the furthest
    std::string source;                       // the source of the furthest
    [[nodiscard]] bool goes_on() const { return others != 0; }
  };
  [[nodiscard]] silence silence_of(const config::stage& s) const;
  /// Says whether all partitions are idle, and none of them has come as far as the window waits for.
  static bool all_idle(const silence& x, explanation& out);
  /// Up to here receivers of the window have rows of a later state.
  [[nodiscard]] event_time later_rows_of(const std::string& window) const;
  /// Says which idle partitions the window waits for since receivers have rows of a later state: first of all where it would
  /// fire without them.
  bool targets_ahead(const config::stage& s, explanation& out) const;
  /// Says whether shards of the window take no input because of what a receiver has not committed.
  bool stalled(const config::stage& s, explanation& out) const;
  std::string waiting_for_its_end(const config::stage& s, explanation& out);
  /// Whether a side of a join has yet to come to this time.
  [[nodiscard]] bool is_behind(const config::stage& join, config::side of, event_time wanted) const;
  [[nodiscard]] std::string side_behind(const config::stage& s, event_time wanted) const;
  void updating(const config::stage& s, const config::window_plan& plan, std::uint64_t open,
                explanation& out);
  /// Says what the stages upstream lack to come to `wanted`, or to give anything.
  void input_of(const config::stage& s, explanation& out, std::optional<event_time> wanted);

  // --- sinks
  /// Says whether the target of a sink does not answer.
  static bool target(const sink_figures& s, explanation& out);
  [[nodiscard]] std::uint64_t held_for(const std::string& sink) const;

  const config::topology& t_;
  const figures& f_;
  std::set<std::string> seen_;  // windows
  bool gives_ = false;          // a partition that was looked at gives records
};

/// "nothing" before the first record, "the end" after the last.
[[nodiscard]] std::string time_text(event_time t);
[[nodiscard]] event_time plus(event_time t, micros more);

}  // namespace millrace::observe
