#include "actors/deployment/pipeline.hpp"

#include "runtime/base/shard_name.hpp"

#include <algorithm>

namespace millrace::deployment {

shard::open_shard find_shard(const pipeline_gauges& gauges, const std::string& name) {
  const auto at =
      std::ranges::find_if(gauges.shards, [&](const auto& s) { return lasting_name(s.first) == name; });
  return at == gauges.shards.end() ? shard::open_shard() : at->second->door.find();
}

}  // namespace millrace::deployment
