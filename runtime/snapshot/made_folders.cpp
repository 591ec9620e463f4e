#include "runtime/snapshot/made_folders.hpp"

namespace millrace::snapshot {

std::string folder_above(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

expected<void> make_folders(file_system& files, const std::string& path, std::string_view owned) {
  for (std::size_t slash = 0; slash != std::string::npos;) {
    slash = path.find('/', slash + 1);
    const auto part = path.substr(0, slash);
    ASSIGN_OR_RETURN(const auto is_new, files.make_folder(part));
    const bool is_ours = !owned.empty() && part.size() > owned.size() && part.starts_with(owned);
    if (is_new || is_ours)
      if (auto done = files.sync_folder(folder_above(part)); !done)
        return done;
  }
  return {};
}

expected<void> make_own_folder(file_system& files, const std::string& path) {
  return make_folders(files, path).and_then([&] { return files.claim_folder(path); });
}

expected<void> remove_tree(file_system& files, const std::string& path) {
  if (const auto entries = files.list(path))
    for (const auto& e : *entries) {
      const auto below = path + "/" + e.name;
      RETURN_IF_ERROR(e.is_folder ? remove_tree(files, below) : files.remove(below));
    }
  return files.remove(path);
}

}  // namespace millrace::snapshot
