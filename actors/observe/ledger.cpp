#include "actors/observe/ledger.hpp"

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
  whole_ledger out{std::string(name->get_string()), ended->get_bool(), true, {}};
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
    one.holds = one.in == one.out + one.filtered + one.late + one.dead_letters + one.in_flight;
    out.holds = out.holds && one.holds;
    out.stages.push_back(std::move(one));
  }
  return out;
}

}  // namespace millrace::observe
