// Two lines: id, store.
#include "actors/node/host/cluster_note.hpp"

#include "runtime/tls/key_files.hpp"

#include <fmt/format.h>

namespace millrace::host {
namespace {

std::string file_in(const std::string& state_folder) { return state_folder + "/cluster"; }

}  // namespace

expected<cluster_note> read_cluster_note(const std::string& state_folder) {
  const auto path = file_in(state_folder);
  const auto text = tls::read_key_file(path);
  if (!text)
    return text.error().code == ec::not_found ? expected<cluster_note>(cluster_note{})
                                              : unexpected(text.error());
  const auto first = text->find('\n');
  const auto second = first == std::string::npos ? first : text->find('\n', first + 1);
  if (first == 0 || second == std::string::npos || second + 1 != text->size())
    return user_error(
        ec::corrupt,
        fmt::format("{}: it does not say in two lines which cluster this node was in, and in which "
                    "store; restore it, or remove it if the store holds this node's cluster",
                    path));
  return cluster_note{text->substr(0, first), text->substr(first + 1, second - first - 1)};
}

expected<void> write_cluster_note(const std::string& state_folder, const cluster_note& note) {
  return tls::write_whole(file_in(state_folder), fmt::format("{}\n{}\n", note.id, note.store), tls::key_mode,
                          true);
}

}  // namespace millrace::host
