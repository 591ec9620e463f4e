#include "config/offered.hpp"

#include <algorithm>

namespace millrace::config {
namespace {

/// Take a line out when the runtime can do it.
constexpr feature missing[] = {
    feature::parser_of_several_sources,
};

}  // namespace

bool offered(feature f) { return std::find(std::begin(missing), std::end(missing), f) == std::end(missing); }

std::vector<std::string> types_of_language(stage_kind kind) {
  switch (kind) {
  case stage_kind::source:
    return {"kafka", "file", "http_server", "http_stream", "generator"};
  case stage_kind::parser:
    return {"json", "csv", "text"};
  case stage_kind::transform:
    return {"select"};
  case stage_kind::window:
    return {"tumbling", "sliding", "session", "global"};
  case stage_kind::sink:
    break;
  }
  return {"console", "file", "kafka", "sql", "parquet"};
}

}  // namespace millrace::config
