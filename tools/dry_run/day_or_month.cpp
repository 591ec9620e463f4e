#include "tools/dry_run/day_or_month.hpp"

#include "actors/catalog.hpp"
#include "actors/deployment/start_positions.hpp"
#include "actors/parsers/date_orders.hpp"

#include <utility>

namespace millrace::dry_run {
namespace {

/// Records that are parsed at once, so that their columns stay small.
constexpr std::size_t records_at_once = 4096;

/// Shows the records of the parser's sources to `to`.
void count_dates(const config::topology& t, const config::stage& parser, const std::vector<arrival>& records,
                 parser::date_orders& to) {
  for (const auto& from : parser.from) {
    const auto* const source = t.find(from.stage);
    if (source == nullptr)
      continue;
    const auto shape = deployment::shape_of(*source);
    const bool has_header = deployment::wants_of(parser).header;
    std::optional<source::header_line> header;
    position next{};
    std::vector<source::written_record> some;
    const auto take = [&] {
      if (some.empty())
        return;
      auto chunk = source::make_chunk(some, source::only_partition, shape, next);
      if (has_header && !header)
        header = {std::string(chunk.record(0)), chunk.positions[0]};
      chunk.header = header;
      next = chunk.to;
      to.count(chunk);
      some.clear();
    };
    for (const auto& a : records) {
      if (a.source != from.stage)
        continue;
      if (some.size() == records_at_once || (!some.empty() && a.record.schema != some.front().schema))
        take();
      some.push_back(a.record);
    }
    take();
  }
}

}  // namespace

std::vector<std::string> days_or_months(const config::topology& t, const std::vector<arrival>& records) {
  std::vector<std::string> out;
  for (const auto& s : t.stages) {
    const auto dates =
        s.kind == config::stage_kind::parser ? parser::date_orders::of(s, make_parser) : nullptr;
    if (!dates)
      continue;
    count_dates(t, s, records, *dates);
    for (auto& warning : dates->ambiguous(""))
      out.push_back(s.name + ": " + std::move(warning));
  }
  return out;
}

}  // namespace millrace::dry_run
