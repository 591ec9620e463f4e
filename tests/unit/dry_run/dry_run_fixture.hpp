// Plans a topology that is given as text, and rows as lines of JSON.
#pragma once

#include "actors/catalog.hpp"
#include "runtime/data/render.hpp"
#include "tools/dry_run/dry_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace millrace::dry_run::test {

/// A folder that goes away with its owner.
class folder {
public:
  folder()
      : path_(std::filesystem::temp_directory_path() /
              ("dry-run-" + std::to_string(getpid()) + "-" + std::to_string(++number()))) {
    std::filesystem::create_directories(path_);
  }
  ~folder() { std::filesystem::remove_all(path_); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (path_ / name).string(); }

private:
  static int& number() {
    static int n = 0;
    return n;
  }
  std::filesystem::path path_;
};

/// `stages` as JSON members.
inline config::topology plan(const std::string& stages) {
  const folder f;
  const auto file =
      f.write("topology.json", R"({"millrace": 1, "topology": "t", "stages": {)" + stages + "}}");
  auto loaded = config::load({file, {}, {}}, connectors());
  for (const auto& finding : loaded.findings)
    UNSCOPED_INFO(config::to_string(finding));
  REQUIRE(loaded.plan);
  return std::move(*loaded.plan);
}

inline std::vector<std::string> rows_of(const dry_run& r, const std::string& stage) {
  std::vector<std::string> out;
  for (const auto& s : r.rows())
    if (s.name == stage)
      for (const auto& b : s.batches)
        for (std::size_t i = 0; i < b.rows; ++i) {
          out.emplace_back();
          data::append_json_row(out.back(), b, i);
        }
  return out;
}

inline std::vector<arrival> lines(const std::string& source, const std::vector<std::string>& texts) {
  std::vector<arrival> out;
  for (const auto& t : texts)
    out.push_back({source, {t}});
  return out;
}

inline std::unique_ptr<dry_run> make(const config::topology& t, const setup& s = {}) {
  auto made = dry_run::make(t, s);
  REQUIRE(made);
  return std::move(*made);
}

}  // namespace millrace::dry_run::test
