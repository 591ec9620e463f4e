#include "runtime/model/model.hpp"

#include "runtime/base/hex_digits.hpp"
#include "runtime/data/digest.hpp"

#include <algorithm>
#include <array>

namespace millrace::model {

std::string_view to_string(kind k) {
  constexpr std::array<std::string_view, 3> names{"forest", "boosted", "linear"};
  return names[static_cast<std::size_t>(k)];
}

std::string_view to_string(feature_type t) {
  constexpr std::array<std::string_view, 3> names{"double", "boolean", "text"};
  return names[static_cast<std::size_t>(t)];
}

std::vector<std::string> input_names(const std::vector<feature>& features) {
  std::vector<std::string> out;
  for (const auto& f : features)
    if (f.type != feature_type::text)
      out.push_back(f.name);
    else
      for (std::size_t i = 1; i < f.categories.size(); ++i)
        out.push_back(f.name + "=" + f.categories[i]);
  for (auto& name : out)
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '[' || c == ']' || c == '<'; }, '_');
  return out;
}

std::string sha256(std::string_view bytes) {
  const auto digest = data::sha256().of(bytes);
  return digest ? hex_of(*digest) : std::string();
}

}  // namespace millrace::model
