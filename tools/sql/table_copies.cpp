#include "tools/sql/table_copies.hpp"

#include "actors/sink/parquet/parquet_sink.hpp"
#include "actors/sink/parquet/table_copy.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sql {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool mentions(std::string_view text, std::string_view word) {
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

table_copies::~table_copies() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

expected<void> table_copies::replace(std::vector<known_topology>& topologies,
                                     const std::vector<table_argument>& arguments, std::string_view query) {
  std::size_t number = 0;
  for (auto& topology : topologies)
    for (auto& t : topology.tables) {
      if (!t.remote)
        continue;
      const auto here = folder_ / fmt::format("{}", ++number);
      const bool wanted = mentions(query, t.stage) ||
                          std::any_of(arguments.begin(), arguments.end(), [&](const table_argument& a) {
                            return a.what == t.stage || a.what == topology.name + "." + t.stage;
                          });
      if (wanted) {
        const auto from = sink::table_folder_of(*t.remote);
        if (!from)
          return unexpected(from.error());
        if (auto copied = sink::copy_table(**from, here); !copied) {
          auto e = copied.error();
          e.message = fmt::format("table {} at {}: {}", t.stage, t.path, e.message);
          return unexpected(std::move(e));
        }
      }
      t.path = here.string();
    }
  return {};
}

}  // namespace millrace::sql
