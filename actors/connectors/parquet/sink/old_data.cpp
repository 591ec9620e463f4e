#include "actors/connectors/parquet/sink/old_data.hpp"

#include "actors/connectors/parquet/sink/parquet_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace millrace::sink {
namespace {

constexpr int deepest = 32;  // folders in folders: no table has as many partition columns

bool is_hidden(std::string_view name) { return name.starts_with('.') || name.starts_with('_'); }

/// Calls `each` with the folder and name of every data file.
expected<void> walk(storage::table_folder& folder, const std::string& at, int depth,
                    const std::function<expected<void>(const std::string&, const std::string&)>& each) {
  ASSIGN_OR_RETURN(const auto entries, folder.list(at));
  for (const auto& e : entries) {
    if (is_hidden(e.name))
      continue;
    if (!e.is_folder && e.name.ends_with(".parquet")) {
      RETURN_IF_ERROR(each(at, e.name));
    } else if (e.is_folder && depth < deepest && e.name.find('=') != std::string::npos) {
      RETURN_IF_ERROR(walk(folder, at + e.name + '/', depth + 1, each));
    }
  }
  return {};
}

/// "a=1/b=2/" -> a, b; as they stand there, escaped.
std::vector<std::string> partition_names(std::string_view folder) {
  std::vector<std::string> names;
  while (!folder.empty()) {
    const auto part = folder.substr(0, folder.find('/'));
    names.emplace_back(part.substr(0, part.find('=')));
    folder.remove_prefix(part.size() + 1);
  }
  return names;
}

constexpr std::string_view remedy =
    "write to another path, or drop the old data with \"at_start\": \"empty\"";

}  // namespace

expected<std::vector<std::string>> data_files(storage::table_folder& folder) {
  std::vector<std::string> names;
  auto walked = walk(folder, "", 0, [&](const std::string& at, const std::string& name) -> expected<void> {
    names.push_back(at + name);
    return {};
  });
  if (!walked)
    return unexpected(walked.error());
  return names;
}

expected<void> remove_uploads(storage::table_folder& folder,
                              const std::function<bool(std::string_view)>& which) {
  ASSIGN_OR_RETURN(const auto all, folder.list(""));
  for (const auto& e : all) {
    if (!e.name.starts_with(storage::hidden_upload))
      continue;
    auto number_and_name = std::string_view(e.name).substr(storage::hidden_upload.size());
    if (number_and_name.ends_with(storage::waiting_upload))
      number_and_name.remove_suffix(storage::waiting_upload.size());
    const auto end = number_and_name.find('-');
    if (end != std::string_view::npos && which(number_and_name.substr(end + 1)))
      RETURN_IF_ERROR(folder.remove(e.name));
  }
  return {};
}

expected<void> remove_data(storage::table_folder& folder,
                           const std::function<bool(std::string_view)>& which) {
  ASSIGN_OR_RETURN(const auto files, data_files(folder));
  RETURN_IF_ERROR(remove_uploads(folder, which));
  for (const auto& file : files) {
    const auto name = std::string_view(file).substr(file.find_last_of('/') + 1);
    if (!which(name))
      continue;
    RETURN_IF_ERROR(folder.remove(file));
    for (auto at = file.find_last_of('/'); at != std::string::npos && at != 0;
         at = file.find_last_of('/', at - 1)) {
      const auto above = file.substr(0, at);
      ASSIGN_OR_RETURN(const auto left, folder.list(above));
      if (!left.empty())
        break;
      RETURN_IF_ERROR(folder.remove(above));
    }
  }
  return {};
}

expected<void> fits_beside(storage::table_folder& folder, const std::vector<std::string>& by,
                           const data::schema& file_columns) {
  std::vector<std::string> wanted;
  std::transform(by.begin(), by.end(), std::back_inserter(wanted), escape_partition);
  ASSIGN_OR_RETURN(const auto files, data_files(folder));
  for (const auto& file : files) {
    const auto have = partition_names(std::string_view(file).substr(0, file.find_last_of('/') + 1));
    if (have != wanted)
      return user_error(
          ec::mismatch,
          fmt::format("{} holds data of an older table that is partitioned by ({}), this one by "
                      "({}); {}",
                      folder.shown(file), fmt::join(have, ", "), fmt::join(wanted, ", "), remedy));
  }
  if (files.empty())
    return {};
  // All of one table are alike; the newest name is as good as any.
  const auto newest = folder.shown(files.back());
  ASSIGN_OR_RETURN(const auto file, folder.open(files.back()));
  ASSIGN_OR_RETURN(const auto have, columns_of(*file, newest));
  ASSIGN_OR_RETURN(const auto ours, columns_of(file_columns));
  if (have != ours)
    return user_error(
        ec::mismatch,
        fmt::format("{} holds data of an older table with other columns ({}; this one's are {}); {}", newest,
                    fmt::join(have, ", "), fmt::join(ours, ", "), remedy));
  return {};
}

}  // namespace millrace::sink
