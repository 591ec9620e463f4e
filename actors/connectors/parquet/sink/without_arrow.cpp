// In a build without Arrow: parquet_file.hpp's calls, each of them an error.
#include "actors/connectors/parquet/sink/parquet_file.hpp"

namespace millrace::sink {

bool has_parquet() { return false; }
std::string no_parquet() {
  return "this build of millrace has no Parquet, because Apache Arrow was not there when it was configured; "
         "run tools/arrow and build again, or use another sink";
}

expected<std::unique_ptr<parquet_file>> open_parquet_file(std::unique_ptr<new_file>, const data::schema&,
                                                          compression, const std::vector<bool>&) {
  return user_error(ec::unsupported, no_parquet());
}
expected<std::vector<std::string>> columns_of(storage::stored_file&, const std::string&) {
  return user_error(ec::unsupported, no_parquet());
}
std::vector<std::string> columns_of(const data::schema&) { return {}; }

}  // namespace millrace::sink
