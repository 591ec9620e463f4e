#include "actors/connectors/parquet/sink/table_copy.hpp"

#include "actors/connectors/parquet/sink/old_data.hpp"
#include "actors/connectors/parquet/sink/work_folder.hpp"
#include "actors/stream/sink/files/data_file.hpp"

namespace millrace::sink {
namespace {

constexpr std::uint64_t copied_at_once = 8 << 20;

expected<void> copy_file(storage::table_folder& from, const std::string& name,
                         const std::filesystem::path& to) {
  ASSIGN_OR_RETURN(const auto source, from.open(name));
  RETURN_IF_ERROR(make_folder_of(to / name));
  ASSIGN_OR_RETURN(const auto target, work_folder(to, false).create(name));
  for (std::uint64_t done = 0; done < source->size();) {
    ASSIGN_OR_RETURN(const auto bytes, source->read(done, copied_at_once));
    if (bytes.empty())
      return outside_error(ec::io, from.shown(name) + " ends before its length");
    RETURN_IF_ERROR(target->write(bytes));
    done += bytes.size();
  }
  return target->finish();
}

}  // namespace

expected<void> copy_table(storage::table_folder& from, const std::filesystem::path& to) {
  ASSIGN_OR_RETURN(const auto names, data_files(from));
  for (const auto& name : names)
    RETURN_IF_ERROR(copy_file(from, name, to));
  return {};
}

}  // namespace millrace::sink
