#include "actors/connectors/parquet/sink/table_claim.hpp"

#include "actors/connectors/parquet/sink/old_data.hpp"
#include "actors/connectors/parquet/sink/open_files.hpp"
#include "actors/connectors/parquet/sink/table_mark.hpp"
#include "actors/stream/sink/files/record_parts.hpp"

#include <fmt/format.h>
#include <xxhash.h>

namespace millrace::sink {
namespace {

/// The state folder knows of committed rows, but the table's mark is gone, or another's.
unexpected table_lost(const std::string& target, const std::optional<target_owner>& now) {
  if (now)
    return fatal_error(ec::fenced,
                       fmt::format("{} was taken over by sink '{}' of topology '{}' under another "
                                   "state folder",
                                   target, now->sink, now->topology));
  return fatal_error(
      ec::mismatch,
      fmt::format("the state folder says that this sink has committed rows to {}, but nothing of "
                  "the table is there ({} is missing); bring it back, or start over with --fresh",
                  target, storage::mark_name));
}

/// Reads whose the table is, where that is written beside it.
expected<std::optional<target_owner>> read_mark(const table_to_claim& what, const claim& who) {
  ASSIGN_OR_RETURN(const auto text, what.table->mark());
  if (!text)
    return std::nullopt;
  const auto target = what.table->shown("");
  ASSIGN_OR_RETURN(auto owner, decode_mark(*text, target));
  RETURN_IF_ERROR(judge_mark(owner, who, target, what.begin));
  return owner;
}

/// Clears the folder for a state that begins: what it holds goes, or stays. What the state itself has written by now is
/// of a later life of it.
expected<void> clear_old(const table_to_claim& what, const target_owner& now,
                         const std::optional<target_owner>& replaced) {
  const auto ours = tag_of(now);
  if (what.begin == at_start::empty)
    return remove_data(*what.table, [&](std::string_view name) { return !is_named_by(ours, name); });
  if (!replaced)
    return {};
  const auto tag = tag_of(*replaced);
  return remove_data(
      *what.table, [&](std::string_view name) { return is_named_by(tag, name) && !is_named_by(ours, name); });
}

}  // namespace

std::string tag_of(const target_owner& o) {
  const auto all = o.state_id + '\n' + o.topology + '\n' + o.sink;
  return fmt::format("{:010x}", XXH3_64bits(all.data(), all.size()) >> 24);
}

expected<table_record> claim_table(const table_to_claim& what, const claim& who,
                                   const std::optional<std::string>& stored) {
  const auto target = what.table->shown("");
  ASSIGN_OR_RETURN(auto found,
                   take_over(stored, decode_table_record, who, target, what.record_place, what.begin));
  auto record = std::move(found.record);
  const bool begins = found.first || found.replaced;
  std::optional<target_owner> replaced;
  if (found.replaced)
    replaced = std::move(found.replaced->owner);
  ASSIGN_OR_RETURN(const auto mark, read_mark(what, who));
  const bool marked = mark.has_value();
  const bool ours = marked && mark->state_id == who.state_id;
  if (!begins && what.table->has_mark() && !ours && (marked || record.at))
    return table_lost(target, mark);
  if (marked && !ours)
    replaced = *mark;
  if (begins)
    RETURN_IF_ERROR(clear_old(what, record.owner, replaced));
  if (what.looks_beside)
    RETURN_IF_ERROR(fits_beside(*what.table, *what.partition_by, *what.file_columns));
  if (!ours)
    RETURN_IF_ERROR(what.table->set_mark(encode_mark(record.owner), marked));
  return record;
}

}  // namespace millrace::sink
