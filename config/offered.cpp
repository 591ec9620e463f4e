#include "config/offered.hpp"

namespace millrace::config {
std::vector<std::string> types_of_language(stage_kind kind) {
  switch (kind) {
  case stage_kind::source:
    return {"kafka", "file", "http_server", "http_stream", "generator"};
  case stage_kind::parser:
    return {"json", "csv", "text"};
  case stage_kind::transform:
    return {"select", "model"};
  case stage_kind::window:
    return {"tumbling", "sliding", "session", "global"};
  case stage_kind::sink:
    break;
  }
  return {"console", "file", "kafka", "sql", "parquet"};
}

}  // namespace millrace::config
