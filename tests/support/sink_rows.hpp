// Tests of sinks that write files share these: a folder, batches of numbered rows, claims, reading files.
#pragma once

#include "actors/stream/sink/sink.hpp"
#include "tests/support/must.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace millrace::sink {

class temp_folder {
public:
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path() / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return own_.path(); }

private:
  test::scratch own_;
};

inline std::string content(const std::filesystem::path& path) { return test::contents(path); }

inline void append_to(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::app) << text;
}

/// Names of the files in a folder that `ls` shows, in order.
inline std::vector<std::string> visible(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& e : std::filesystem::directory_iterator(folder))
    if (!e.path().filename().string().starts_with("."))
      names.push_back(e.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

inline data::schema_ptr numbers() {
  return std::make_shared<data::schema>(
      std::vector<data::field>{{"n", data::type_id::bigint}, {"name", data::type_id::text}});
}

/// Rows from..to-1: n, and a name that repeats the number (every seventh is null).
inline data::batch numbered_rows(std::int64_t from, std::int64_t to) {
  data::column_builder n(data::type_id::bigint);
  data::column_builder name(data::type_id::text);
  for (auto i = from; i < to; ++i) {
    n.append_int(i);
    if (i % 7 == 0)
      name.append_null();
    else
      name.append_text("row " + std::to_string(i));
  }
  return {numbers(), {n.finish(), name.finish()}, static_cast<std::size_t>(to - from)};
}

/// A json file holds this after rows from..to-1.
inline std::string lines(std::int64_t from, std::int64_t to) {
  std::string out;
  for (auto i = from; i < to; ++i)
    out += "{\"n\":" + std::to_string(i) +
           ",\"name\":" + (i % 7 == 0 ? "null" : "\"row " + std::to_string(i) + '"') + "}\n";
  return out;
}

inline progress at(std::int64_t position) {
  progress p;
  p.positions["counts/1/0"] = {{position, 0}, no_watermark};
  p.batch = static_cast<std::uint64_t>(position);
  return p;
}
inline std::int64_t position_of(const std::optional<progress>& p) {
  return p ? p->positions.at("counts/1/0").at.major : 0;
}

inline claim life(incarnation n, bool expects_progress = false) {
  return {"state-a", "topology", "out", n, expects_progress, false};
}

inline void write_and_commit(writer& w, std::int64_t from, std::int64_t to) {
  test::must(w.write(numbered_rows(from, to)));
  test::must(w.commit(at(to)));
}

}  // namespace millrace::sink
