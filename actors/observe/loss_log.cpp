#include "actors/observe/loss_log.hpp"

#include "actors/observe/topology_walk.hpp"
#include "runtime/base/display.hpp"
#include "runtime/base/grouped.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/data/log_line.hpp"

#include <fmt/format.h>

namespace millrace::observe {
namespace {

/// A parser's error may quote much of a record.
constexpr std::size_t longest_reason = 300;

std::string on_one_line(const std::string& reason) { return shorten(visible(reason), longest_reason); }

std::string_view kind_name(stage::loss what) {
  switch (what) {
  case stage::loss::dead_letter:
    return "dead letter";
  case stage::loss::late:
  case stage::loss::late_but_read:
    return "late record";
  case stage::loss::late_at_shard:
  case stage::loss::late_after_end:
    break;
  }
  return "record too late for its shard";
}

std::string kind_names(stage::loss what) {
  return what == stage::loss::late_at_shard || what == stage::loss::late_after_end
             ? "records too late for their shards"
             : std::string(kind_name(what)) + "s";
}

/// The names by which stages read the late records of a window, or of a join.
std::string late_names(const config::topology& t, const std::string& stage) {
  const auto* const s = t.find(stage);
  return s != nullptr && s->kind == config::stage_kind::join
             ? fmt::format("\"{0}.late_left\" or \"{0}.late_right\"", stage)
             : fmt::format("\"{}.late\"", stage);
}

std::string advice(const config::topology& t, const stage::loss_notice& n,
                   const std::string& letters_lie_in) {
  switch (n.what) {
  case stage::loss::dead_letter:
    return fmt::format("dead letters lie in {}", letters_lie_in);
  case stage::loss::late:
    return fmt::format(
        "late records are counted and are in no row; a stage with \"from\": {} reads "
        "them, {}{}",
        late_names(t, n.stage),
        has_versions(t, n.stage)
            ? "late_versions of the join says how late a version may be; a greater watermark_delay or "
              "allowed_lateness lets both sides in"
            : "a greater watermark_delay or allowed_lateness lets them in",
        remedy_of_files(t, n.stage));
  case stage::loss::late_but_read:
    return fmt::format("they go to the stages that read {}", late_names(t, n.stage));
  case stage::loss::late_after_end:
    return "they are in no row, and counted as late_at_shard; begin a run when the input of its windows is "
           "complete, or compute these windows anew with --fresh";
  case stage::loss::late_at_shard:
    break;
  }
  return "they are in no row, and counted as late_at_shard (idle_timeout, a partition that was found while "
         "running, or replayed records)";
}

}  // namespace

std::string loss_text(const config::topology& t, const stage::loss_notice& n,
                      const std::string& letters_lie_in) {
  const auto who = name_in_logs(t.name, n.stage);
  const auto at = fmt::format("partition {}, position {}: {}", n.example.partition, n.example.at.minor,
                              on_one_line(n.example.reason));
  const auto begin =
      n.count == 1 ? fmt::format("{}: one {}{} at {}", who, n.first ? "" : "more ", kind_name(n.what), at)
                   : fmt::format("{}: {} {}{}, {} at {}", who, grouped(n.count), n.first ? "" : "more ",
                                 kind_names(n.what), n.first ? "the first" : "such as", at);
  return n.first ? begin + "; " + advice(t, n, letters_lie_in) : begin;
}

std::string where_letters_lie(const config::topology& t, const std::string& by_default) {
  return t.dead_letters && !t.dead_letters->type.empty()
             ? fmt::format("the topology's sink for them ({})", t.dead_letters->type)
             : by_default;
}

std::function<void(const stage::loss_notice&)> loss_log(std::shared_ptr<const config::topology> topology,
                                                        std::string letters_lie_in) {
  return [topology = std::move(topology),
          letters_lie_in = std::move(letters_lie_in)](const stage::loss_notice& n) {
    const bool dead = n.what == stage::loss::dead_letter;
    data::log_with(n.what == stage::loss::late_but_read ? spdlog::level::info : spdlog::level::warn,
                   loss_text(*topology, n, letters_lie_in),
                   {{dead ? "dead_letters" : "late", n.count},
                    {"partition", n.example.partition},
                    {"position", n.example.at.minor},
                    {"reason", on_one_line(n.example.reason)}});
  };
}

}  // namespace millrace::observe
