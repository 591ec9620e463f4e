#include "actors/connectors/parquet/sink/table_copy.hpp"

#include "actors/connectors/parquet/sink/old_data.hpp"
#include "actors/connectors/parquet/sink/work_folder.hpp"
#include "actors/stream/sink/files/data_file.hpp"

namespace millrace::sink {
namespace {

constexpr std::uint64_t copied_at_once = 8 << 20;

expected<void> copy_file(storage::table_folder& from, const std::string& name,
                         const std::filesystem::path& to) {
  const auto source = from.open(name);
  if (!source)
    return unexpected(source.error());
  if (auto made = make_folder_of(to / name); !made)
    return made;
  const auto target = work_folder(to, false).create(name);
  if (!target)
    return unexpected(target.error());
  for (std::uint64_t done = 0; done < (*source)->size();) {
    const auto bytes = (*source)->read(done, copied_at_once);
    if (!bytes)
      return unexpected(bytes.error());
    if (bytes->empty())
      return outside_error(ec::io, from.shown(name) + " ends before its length");
    if (auto written = (*target)->write(*bytes); !written)
      return written;
    done += bytes->size();
  }
  return (*target)->finish();
}

}  // namespace

expected<void> copy_table(storage::table_folder& from, const std::filesystem::path& to) {
  const auto names = data_files(from);
  if (!names)
    return unexpected(names.error());
  for (const auto& name : *names)
    if (auto copied = copy_file(from, name, to); !copied)
      return copied;
  return {};
}

}  // namespace millrace::sink
