// Real servers for tables on other machines: HDFS at WEBHDFS_URL, S3 at S3_URL; a table's name that nobody
// else uses, and what a reader of it sees.
#pragma once

#include "actors/connectors/parquet/sink/old_data.hpp"
#include "actors/connectors/parquet/sink/table_copy.hpp"
#include "tests/unit/parquet_sink/parquet_fixture.hpp"

#include <cstdlib>
#include <iostream>

namespace millrace::sink {

struct remote_server {
  std::string name;
  std::string connection;
};

/// Returns the servers that are there; says loudly of a missing one that the test did not run on it, and
/// counts it.
inline std::vector<remote_server> remote_servers() {
  std::vector<remote_server> all;
  static int skipped = 0;
  for (const char* variable : {"WEBHDFS_URL", "S3_URL"}) {
    const char* const given = std::getenv(variable);
    if (given && *given)
      all.push_back({variable, given});
    else
      std::cout << "SKIPPED (" << ++skipped << "): \"" << Catch::getResultCapture().getCurrentTestName()
                << "\" needs a server in " << variable << '\n';
  }
  return all;
}

/// A table on a server, and the folder that stands for the state folder.
class remote_table {
public:
  explicit remote_table(remote_server server, std::filesystem::path work)
      : server_(std::move(server)), work_(std::move(work)),
        path_("/millrace-test/" + work_.filename().string()) {}  // mkdtemp's: nobody else's

  [[nodiscard]] config::values values(const table_options& t) const {
    auto o = parquet_values(path_, t);
    o.set("connection", server_.connection, {});
    return o;
  }
  [[nodiscard]] std::unique_ptr<writer> writer_of(const table_options& t) const {
    return writer_in(work_, t);
  }
  [[nodiscard]] std::unique_ptr<writer> writer_in(const std::filesystem::path& work,
                                                  const table_options& t) const {
    return std::move(make_parquet_writer(values(t), numbers(), work).value());
  }
  [[nodiscard]] std::unique_ptr<storage::table_folder> folder() const {
    return std::move(table_folder_of(values({})).value());
  }
  /// The rows, as lines() has them; of a partitioned table in the order of its files.
  [[nodiscard]] std::string rows() const {
    const temp_folder copy;
    const auto from = folder();
    if (const auto copied = copy_table(*from, copy.path()); !copied)
      FAIL(copied.error().message);
    return table_lines(copy.path());
  }
  [[nodiscard]] std::vector<std::string> files() const {
    const auto from = folder();
    return data_files(*from).value();
  }

private:
  remote_server server_;
  std::filesystem::path work_;
  std::string path_;
};

}  // namespace millrace::sink
