#include "runtime/control/found_partitions.hpp"

#include <algorithm>
#include <cassert>

namespace millrace::control {

void found_partitions::add_lane(const std::string& name, const std::string& parser,
                                std::vector<std::string> receivers, std::size_t partitions) {
  lanes_[name] = {parser, partitions};
  receivers_[parser] = std::move(receivers);
}

bool found_partitions::knows(const std::string& parser, const std::string& partition) const {
  return std::any_of(found_.begin(), found_.end(),
                     [&](const auto& p) { return p.parser == parser && p.name == partition; });
}

const std::string& found_partitions::next_reader(const std::string& parser,
                                                 const std::vector<std::string>& promised) const {
  const auto load = [&](const auto& lane) {
    return lane.second.partitions +
           static_cast<std::size_t>(std::count(promised.begin(), promised.end(), lane.first));
  };
  auto least = lanes_.end();
  for (auto at = lanes_.begin(); at != lanes_.end(); ++at)
    if (at->second.parser == parser && (least == lanes_.end() || load(*at) < load(*least)))
      least = at;
  assert(least != lanes_.end());
  return least->first;
}

const found_partition& found_partitions::add(found_partition f) {
  if (const auto reader = lanes_.find(f.lane); reader != lanes_.end())
    ++reader->second.partitions;
  return found_.emplace_back(std::move(f));
}

std::vector<found_partition> found_partitions::of_parser(const std::string& parser) const {
  std::vector<found_partition> out;
  std::copy_if(found_.begin(), found_.end(), std::back_inserter(out),
               [&](const auto& p) { return p.parser == parser; });
  return out;
}

std::map<log_id, mark> found_partitions::feeding(const std::string& receiver) const {
  std::map<log_id, mark> out;
  for (const auto& p : found_) {
    const auto& fed = receivers_of(p.parser);
    if (std::find(fed.begin(), fed.end(), receiver) != fed.end())
      out[p.log] = p.start;
  }
  return out;
}

std::vector<std::string> found_partitions::lanes_of(const std::string& parser) const {
  std::vector<std::string> out;
  for (const auto& [name, l] : lanes_)
    if (l.parser == parser)
      out.push_back(name);
  return out;
}

const std::vector<std::string>& found_partitions::receivers_of(const std::string& parser) const {
  return receivers_.at(parser);
}

}  // namespace millrace::control
