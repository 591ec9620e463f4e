#include "actors/node/host/cluster_words.hpp"

#include <string>
#include <string_view>

namespace millrace::host {

error in_words_of_cluster(error why) {
  constexpr std::string_view command = "`millrace apply FILE ";
  for (const std::string_view option : {"--fresh", "--adopt"}) {
    const auto whole = std::string(command) + std::string(option) + '`';
    for (auto at = why.message.find(option); at != std::string::npos; at = why.message.find(option, at)) {
      if (std::string_view(why.message).substr(0, at).ends_with(command)) {
        at += option.size();
      } else {
        why.message.replace(at, option.size(), whole);
        at += whole.size();
      }
    }
  }
  return why;
}

}  // namespace millrace::host
