// Transforms, windows, joins and sinks as CREATE VIEW and CREATE TABLE ... AS. Internal to write_sql.
#pragma once

#include "config/options.hpp"
#include "config/sql/written_text.hpp"
#include "config/text/report.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// The stages that an option such as `from` names: `counts`, `counts.late`.
[[nodiscard]] std::vector<std::string> stages_read(const node& stage, std::string_view option);

struct stage_to_write {
  const member& stage;  // its first key says its kind and type
  const std::string& path;
  const node& stages;  // the map of all
  const std::vector<option>& declared;
  bool takes_dead_letters = false;  // the topology's own sink
};
/// The statement without its semicolon; empty where something was reported that hides the rest.
[[nodiscard]] written_text write_stage(const stage_to_write& s, report& out);

}  // namespace millrace::config
