// A report as one HTML file that needs nothing else: figures, curves and the features' gains. Pure.
#pragma once

#include "tools/model/train.hpp"

#include <string>

namespace millrace::model {

struct page_facts {
  std::string title;      // the model's file
  std::string judged_on;  // a sentence: which rows
  const model* of = nullptr;
  const judged* rows = nullptr;
  std::vector<spread> cross_validation{};  // empty: not shown
};
[[nodiscard]] std::string report_page(const page_facts& facts);

}  // namespace millrace::model
