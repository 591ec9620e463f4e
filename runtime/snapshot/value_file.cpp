#include "runtime/snapshot/value_file.hpp"

#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/sealed_file.hpp"
#include "runtime/snapshot/size_limits.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace::snapshot {
namespace {

constexpr file_mark value_mark{{'M', 'R', 'V', 'A', 'L', 'U', '\r', '\n'}, 1};

std::string copy_path(const std::string& folder, std::string_view name, int copy) {
  return fmt::format("{}/{}.{}", folder, file_name_of(name), copy);
}

}  // namespace

std::string encode_value(std::string_view name, std::string_view payload, std::uint64_t generation) {
  value_header h{};
  h.generation = generation;
  seal(h, value_mark, name, payload);
  return fmt::format("{}{}{}", bytes_of(h), name, payload);
}

reading decode_value(std::string_view bytes, std::string_view name, stored_value& out) {
  value_header h{};
  std::string_view payload;
  const auto result = unseal(bytes, value_mark, name, h, payload);
  if (result == reading::whole) {
    out.payload = payload;
    out.generation = h.generation;
  }
  return result;
}

expected<stored_value> read_value(file_system& files, const std::string& folder, std::string_view name) {
  stored_value best;
  int whole = 0, missing = 0;
  for (const int copy : {1, 2}) {
    const auto bytes = read_at_most(files, copy_path(folder, name, copy), largest_value);
    if (!bytes && bytes.error().code == ec::not_found) {
      ++missing;
      continue;
    }
    if (!bytes && bytes.error().code != ec::corrupt)
      return unexpected(bytes.error());
    stored_value found;
    const auto result = bytes ? decode_value(*bytes, name, found) : reading::damaged;
    if (result == reading::later)
      return user_error(ec::unsupported,
                        fmt::format("{} was written by a later version of millrace; run that "
                                    "version, or choose another --state",
                                    copy_path(folder, name, copy)));
    if (result == reading::damaged)
      continue;
    if (whole == 1)
      best.copies_differ = found.generation != best.generation || found.payload != best.payload;
    if (whole == 0 || found.generation > best.generation) {
      found.copies_differ = best.copies_differ;
      best = std::move(found);
    }
    ++whole;
  }
  if (missing == 2)
    return user_error(ec::not_found, fmt::format("there is no value {} in {}", name, folder));
  if (whole == 0)
    return user_error(ec::corrupt,
                      fmt::format("both copies of {} are damaged; restore the folder from a backup, "
                                  "or start over with --fresh",
                                  copy_path(folder, name, 1)));
  best.copies_differ = best.copies_differ || whole == 1;
  return best;
}

expected<void> write_value(file_system& files, const std::string& folder, std::string_view name,
                           std::string_view payload, std::uint64_t generation, std::string_view writer) {
  const auto bytes = encode_value(name, payload, generation);
  for (const int copy : {1, 2}) {
    const auto path = copy_path(folder, name, copy);
    const auto temporary = writer.empty() ? path + ".tmp" : fmt::format("{}.{}.tmp", path, writer);
    auto done = files.write(temporary, {bytes}, true);
    if (done)
      done = files.replace(temporary, path);
    if (!done) {
      (void)files.remove(temporary);
      return done;
    }
  }
  return files.sync_folder(folder);
}

}  // namespace millrace::snapshot
