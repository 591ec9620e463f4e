// Answers of Python's XGBoost and scikit-learn for small models and rows: tests/unit/model/golden, which
// tests/e2e/model_peer.py has written.
#pragma once

#include <bit>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace millrace::test {

inline const std::string python_folder = "tests/unit/model/golden/python_";

struct python_answers {
  std::map<std::string, std::vector<std::optional<double>>> columns;  // a, b, c
  std::vector<std::uint8_t> labels;
  std::map<std::string, std::vector<float>> probabilities;  // boosted, forest, linear
};
inline python_answers read_python_answers() {
  python_answers out;
  std::ifstream in(python_folder + "answers.txt");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    for (const char* const name : {"a", "b", "c"}) {
      words >> word;
      out.columns[name].push_back(word == "-" ? std::nullopt : std::optional(std::stod(word)));
    }
    int label = 0;
    words >> label;
    out.labels.push_back(static_cast<std::uint8_t>(label));
    for (const char* const name : {"boosted", "forest", "linear"}) {
      std::uint32_t bits = 0;
      words >> bits;
      out.probabilities[name].push_back(std::bit_cast<float>(bits));
    }
  }
  return out;
}

}  // namespace millrace::test
