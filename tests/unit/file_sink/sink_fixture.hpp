// The file sink's tests share this: writers of it, beside what all sinks of files share.
#pragma once

#include "actors/connectors/file/sink/file_sink.hpp"
#include "tests/support/sink_rows.hpp"

namespace millrace::sink {

inline config::values file_options(const std::filesystem::path& path, std::string format = "json",
                                   bool fsync = false) {
  config::values o;
  o.set("path", path.string(), {});
  o.set("format", std::move(format), {});
  o.set("fsync", fsync, {});
  o.set("at_start", std::string("append"), {});
  return o;
}

inline std::unique_ptr<writer> file_writer(const std::filesystem::path& path) {
  return std::move(make_file_writer(file_options(path), numbers()).value());
}

/// A writer that is open under this life; fails the test otherwise.
inline std::unique_ptr<writer> opened(const std::filesystem::path& path, incarnation n = 1) {
  auto w = file_writer(path);
  test::must(w->open(life(n)));
  return w;
}

}  // namespace millrace::sink
