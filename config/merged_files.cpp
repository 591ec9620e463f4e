#include "config/merged_files.hpp"

#include "config/old_options.hpp"
#include "config/text/overlay.hpp"
#include "config/text/reader.hpp"

namespace millrace::config {

std::optional<node> read_merged(const load_request& request, const catalog& connectors, report& out) {
  auto root = read_json_file(request.file, out);
  for (const auto& file : request.overlays) {
    const auto overlay = read_json_file(file, out);
    if (!overlay)
      root.reset();
    if (!root)
      continue;
    const auto before = types_of(*root);
    merge(*root, *overlay);
    drop_old_options(*root, before, &*overlay, connectors, out);
  }
  if (root && !request.sets.empty()) {
    const auto before = types_of(*root);
    for (const auto& set : request.sets)
      apply_set(*root, set, out);
    drop_old_options(*root, before, nullptr, connectors, out);
  }
  return root;
}

}  // namespace millrace::config
