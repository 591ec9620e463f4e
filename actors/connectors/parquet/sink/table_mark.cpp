#include "actors/connectors/parquet/sink/table_mark.hpp"

#include "actors/connectors/parquet/storage/table_folder.hpp"
#include "runtime/data/json_value.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace millrace::sink {

std::string encode_mark(const target_owner& o) {
  return data::json_text(
             boost::json::object{{"state", o.state_id}, {"topology", o.topology}, {"sink", o.sink}}) +
         '\n';
}

expected<target_owner> decode_mark(std::string_view text, std::string_view target) {
  boost::system::error_code failed;
  const auto v = boost::json::parse({text.data(), text.size()}, failed);
  const auto* const o = failed ? nullptr : v.if_object();
  const auto member = [&](std::string_view name) -> const boost::json::string* {
    const auto* const found = o ? o->if_contains({name.data(), name.size()}) : nullptr;
    return found ? found->if_string() : nullptr;
  };
  const auto* const state = member("state");
  const auto* const topology = member("topology");
  const auto* const sink = member("sink");
  if (!state || !topology || !sink)
    return user_error(ec::corrupt,
                      fmt::format("{}/{} does not say whose the table is; remove it if no sink writes there",
                                  target, storage::mark_name));
  target_owner out;
  out.state_id = std::string(state->begin(), state->end());
  out.topology = std::string(topology->begin(), topology->end());
  out.sink = std::string(sink->begin(), sink->end());
  return out;
}

expected<ownership> judge_mark(const target_owner& mark, const claim& who, std::string_view target,
                               at_start begin) {
  const bool mine = mark.topology == who.topology && mark.sink == who.sink;
  if (mine && mark.state_id == who.state_id)
    return ownership::ours;
  if (who.fresh || (mine && begin == at_start::empty))
    return ownership::replaced;
  return user_error(
      ec::mismatch,
      fmt::format("{} belongs to sink '{}' of topology '{}' under another state folder, which holds its "
                  "positions and rows that are in no file yet; write to another path, go on with that state "
                  "folder, or replace that sink's files with --fresh",
                  target, mark.sink, mark.topology));
}

}  // namespace millrace::sink
