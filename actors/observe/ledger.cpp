#include "actors/observe/ledger.hpp"

#include "runtime/base/grouped.hpp"

#include <fmt/format.h>

namespace millrace::observe {
namespace {

namespace json = boost::json;

std::optional<std::uint64_t> number(const json::object& of, std::string_view name) {
  const auto* const v = of.if_contains(name);
  if (v == nullptr)
    return std::nullopt;
  json::error_code failed;
  const auto n = v->to_number<std::uint64_t>(failed);
  return failed ? std::nullopt : std::optional(n);
}

std::vector<std::string> texts(const json::object& of, std::string_view name) {
  std::vector<std::string> out;
  const auto* const v = of.if_contains(name);
  if (const auto* const all = v == nullptr ? nullptr : v->if_array())
    for (const auto& one : *all)
      if (one.is_string())
        out.emplace_back(one.get_string());
  return out;
}

/// The records of `in` that are accounted for.
std::uint64_t settled(const ledger_entry& e) {
  return e.out + e.filtered + e.late + e.dead_letters + e.in_flight;
}

}  // namespace

std::optional<whole_ledger> ledger_of(std::string_view report) {
  json::error_code failed;
  const auto root = json::parse(report, failed);
  const auto* const o = failed ? nullptr : root.if_object();
  const auto* const name = o == nullptr ? nullptr : o->if_contains("topology");
  const auto* const ended = o == nullptr ? nullptr : o->if_contains("ended");
  const auto* const stages = o == nullptr ? nullptr : o->if_contains("stages");
  if (name == nullptr || !name->is_string() || ended == nullptr || !ended->is_bool() || stages == nullptr ||
      !stages->is_object())
    return std::nullopt;
  whole_ledger out{std::string(name->get_string()), ended->get_bool(), true, texts(*o, "incomplete"), {}};
  for (const auto& [stage, entry] : stages->get_object()) {
    const auto* const e = entry.if_object();
    if (e == nullptr)
      return std::nullopt;
    ledger_entry one{std::string(stage),
                     number(*e, "in").value_or(0),
                     number(*e, "out").value_or(0),
                     number(*e, "filtered").value_or(0),
                     number(*e, "late").value_or(0),
                     number(*e, "dead_letters").value_or(0),
                     number(*e, "in_flight").value_or(0),
                     true};
    const bool holds = one.in == settled(one);
    one.holds = out.incomplete.empty() ? std::optional(holds) : std::nullopt;
    out.holds = one.holds ? std::optional(*out.holds && holds) : std::nullopt;
    out.stages.push_back(std::move(one));
  }
  return out;
}

std::map<std::string, count_figures> counted_by(std::string_view report) {
  std::map<std::string, count_figures> out;
  json::error_code failed;
  const auto root = json::parse(report, failed);
  const auto* const o = failed ? nullptr : root.if_object();
  const auto* const stages = o == nullptr ? nullptr : o->if_contains("stages");
  if (stages == nullptr || !stages->is_object())
    return out;
  for (const auto& [stage, entry] : stages->get_object())
    if (const auto* const e = entry.if_object())
      out[std::string(stage)] = {number(*e, "in").value_or(0), number(*e, "out").value_or(0),
                                 number(*e, "late").value_or(0), number(*e, "dead_letters").value_or(0),
                                 number(*e, "rows")};
  return out;
}

std::string verdict_of(const whole_ledger& l) {
  if (!l.incomplete.empty())
    return fmt::format("incomplete: {}", fmt::join(l.incomplete, ", "));
  return l.holds == true ? "the equation of every stage holds" : "the equation of a stage does not hold";
}

std::vector<std::pair<std::string, std::string>> imbalances_of(const whole_ledger& l) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& s : l.stages) {
    if (s.holds.value_or(true))
      continue;
    const auto found = settled(s);
    out.emplace_back(s.stage, s.in > found
                                  ? fmt::format("of {} rows that it was given {} are lost", grouped(s.in),
                                                grouped(s.in - found))
                                  : fmt::format("of {} rows {} are settled", grouped(s.in), grouped(found)));
  }
  return out;
}

}  // namespace millrace::observe
