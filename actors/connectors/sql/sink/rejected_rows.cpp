// Rows that the target has refused, in `millrace_rejected`.
#include "actors/connectors/sql/sink/own_tables.hpp"
#include "actors/connectors/sql/sink/positions.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sink::sql {
namespace {

/// Pieces that a statement can carry, cut between characters.
std::vector<std::string_view> pieces(std::string_view text, std::size_t most) {
  std::vector<std::string_view> out;
  do {
    out.push_back(data::whole_characters(text, most));
    text.remove_prefix(out.back().size());
  } while (!text.empty());
  return out;
}

}  // namespace

expected<void> positions::reject(const std::vector<refusal>& rows) {
  for (const auto& row : rows) {
    const auto parts = pieces(row.record, db_.piece_bytes());
    const auto sequence = as_signed(last_rejected_ + 1);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const parameter values[] = {who_.state_id,
                                  topology_,
                                  sink_,
                                  sequence,
                                  as_signed(i),
                                  std::string(parts[i]),
                                  i == 0 ? std::string(pieces(row.error, db_.piece_bytes()).front())
                                         : std::string()};
      RETURN_IF_ERROR(db_.run("insert into " + rejected_table_ +
                                  " (state_id, topology, sink, sequence, piece, record, error)"
                                  " values (:p0, :p1, :p2, :p3, :p4, :p5, :p6)",
                              values));
    }
    ++last_rejected_;
  }
  return {};
}

expected<std::vector<rejected_row>> positions::rejected(std::uint64_t after, std::size_t limit) {
  const parameter range[] = {
      who_.state_id, topology_, sink_, as_signed(after), as_signed(committed_rejected_), as_signed(limit)};
  ASSIGN_OR_RETURN(
      const auto heads,
      db_.query(fmt::format("select sequence, error from {}{} and sequence > :p3 and sequence <= :p4"
                            " and piece = 0 order by sequence limit {}",
                            rejected_table_, of_sink, limit),
                std::span(range).first(5), 2));
  std::vector<rejected_row> out;
  for (const auto& h : heads)
    out.push_back({static_cast<std::uint64_t>(number(h[0])), {}, h[1].value_or("")});
  if (out.empty())
    return out;
  const parameter chosen[] = {who_.state_id, topology_, sink_, as_signed(out.front().sequence),
                              as_signed(out.back().sequence)};
  ASSIGN_OR_RETURN(
      const auto parts,
      db_.query(fmt::format("select sequence, record from {}{} and sequence >= :p3 and sequence <= :p4"
                            " order by sequence, piece",
                            rejected_table_, of_sink),
                chosen, 2));
  auto at = out.begin();
  for (const auto& part : parts) {
    while (at != out.end() && as_signed(at->sequence) < number(part[0]))
      ++at;
    if (at != out.end() && as_signed(at->sequence) == number(part[0]))
      at->record += part[1].value_or("");
  }
  return out;
}

expected<void> positions::forget_rejected(std::uint64_t up_to) {
  const parameter range[] = {who_.state_id, topology_, sink_,
                             as_signed(std::min(up_to, committed_rejected_))};
  RETURN_IF_ERROR(
      db_.run(fmt::format("delete from {}{} and sequence <= :p3", rejected_table_, of_sink), range));
  return {};
}

}  // namespace millrace::sink::sql
