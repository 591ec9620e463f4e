#include "config/plan/same_names.hpp"

#include "runtime/expression/formats/case_mapping.hpp"

#include <map>

namespace millrace::config {

std::optional<std::pair<std::string, std::string>> same_without_case(const std::vector<data::field>& fields) {
  std::map<std::string, std::string> seen;
  for (const auto& f : fields)
    if (const auto [at, is_new] = seen.emplace(expression::lower_case(f.name), f.name); !is_new)
      return std::pair(at->second, f.name);
  return std::nullopt;
}

}  // namespace millrace::config
