#include "actors/connectors/parquet/sink/partitions.hpp"

#include "runtime/data/key_encoding.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace millrace::sink {
namespace {

constexpr std::size_t longest_name = 255;  // of a folder, in bytes, on all usual file systems

bool is_escaped(char c) {
  constexpr std::string_view others = "\"#%'*/:=?\\\x7f{[]^";  // FileUtils.charToEscape of Hive
  return static_cast<unsigned char>(c) < 0x20 || others.find(c) != std::string_view::npos;
}

}  // namespace

std::string escape_partition(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (is_escaped(c))
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  return out;
}

expected<partitioning> partitioning::make(const data::schema_ptr& rows, const std::vector<std::string>& by) {
  partitioning p;
  p.columns_ = rows;
  for (const auto& name : by) {
    const auto at = rows->find(name);
    if (!at)
      return user_error(ec::not_found, fmt::format("partition_by: there is no column '{}'", name));
    p.by_.push_back(*at);
  }
  std::vector<data::field> fields;
  for (std::size_t i = 0; i < rows->size(); ++i)
    if (std::find(p.by_.begin(), p.by_.end(), i) == p.by_.end()) {
      p.kept_.push_back(i);
      fields.push_back((*rows)[i]);
    }
  p.file_columns_ = by.empty() ? rows : std::make_shared<data::schema>(std::move(fields));
  return p;
}

std::string partitioning::folder_of(const data::batch& rows, std::size_t row, std::string& why) const {
  std::string folder;
  for (const auto i : by_) {
    std::string value;
    data::append_text_value(value, *rows.columns[i], row);
    const auto& name = (*rows.schema)[i].name;
    auto part = escape_partition(name) + '=' +
                (value.empty() ? std::string(null_partition) : escape_partition(value));
    if (part.size() > longest_name)
      why = fmt::format("column '{}' holds a text of {} bytes, '{}', too long for the name of a partition's "
                        "folder (255 bytes)",
                        name, value.size(), data::excerpt(value));
    folder += part + '/';
  }
  return folder;
}

partitioning::parts partitioning::split(const data::batch& rows) const {
  parts out;
  if (by_.empty()) {
    if (rows.rows != 0)
      out.all.push_back({"", rows});
    return out;
  }
  std::unordered_map<std::string, std::size_t> group_of;
  std::vector<std::vector<std::uint32_t>> groups;
  std::string key;
  std::string before;
  std::size_t group = 0;
  for (std::uint32_t row = 0; row < rows.rows; ++row) {
    key.clear();
    for (const auto i : by_)
      data::append_key(key, *rows.columns[i], row);
    if (row == 0 || key != before) {
      group = group_of.emplace(key, groups.size()).first->second;
      if (group == groups.size())
        groups.emplace_back();
      before = key;
    }
    groups[group].push_back(row);
  }
  data::batch shown{file_columns_, {}, rows.rows};
  for (const auto i : kept_)
    shown.columns.push_back(rows.columns[i]);
  for (auto& members : groups) {
    std::string why;
    auto folder = folder_of(rows, members.front(), why);
    if (!why.empty())
      for (const auto row : members)
        out.refused.push_back({row, why});
    else if (members.size() == rows.rows)
      out.all.push_back({std::move(folder), std::move(shown)});
    else
      out.all.push_back({std::move(folder), data::take(shown, members)});
  }
  return out;
}

}  // namespace millrace::sink
